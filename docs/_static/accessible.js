// What the theme leaves out for people who do not see a page, or have no mouse.
for (const caption of document.querySelectorAll("p.caption[role=heading]")) {
  caption.setAttribute("aria-level", "2");
}
document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
for (const box of document.querySelectorAll("article pre, article .table-wrapper")) {
  // The keyboard has to reach what only scrolling shows.
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
