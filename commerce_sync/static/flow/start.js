// Opens what the link is for as soon as the page is really looked at: a page that is only prepared uses nothing up.
function go() {
  document.getElementById("start").submit();
}
if (document.prerendering) {
  document.addEventListener("prerenderingchange", go, { once: true });
} else {
  go();
}
