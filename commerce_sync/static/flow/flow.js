// What the pages do better with a script; without one, everything works all the same.
const problems = document.getElementById("problems");
if (problems) {
  problems.focus();
}
// On a telephone the list of pages is longer than the screen is wide.
document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
// A form that is on its way is not sent twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "get") {
    return; // asking twice is harmless, and a page stays after a download
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
// A page that comes back by the back button may be sent again.
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
