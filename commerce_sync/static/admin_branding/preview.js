// What is typed is shown at once, a moment after the last key; without this, the button shows it.
const form = document.getElementById("brand-try");
const frame = document.getElementById("brand-page");
let waiting;
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    frame.className = form.elements.width.value;
    frame.src = frame.dataset.page + "?" + new URLSearchParams(new FormData(form));
  }, 250);
});
