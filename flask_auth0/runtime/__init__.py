"""Where code runs, and what lives as long as a request or a process."""
