"""What the extension costs, beside what people would use in its place."""
