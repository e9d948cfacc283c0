// What script adds to pages that work without it: the error summary takes the focus, a form is sent once, and parts that
// refresh themselves can be stopped and do not move while somebody is in them.
"use strict";

const words = document.documentElement.lang === "en"
  ? { stop: "Stop refreshing", go: "Refresh again" }
  : { stop: "自動更新を止める", go: "自動更新を再開する" };

document.getElementById("errors")?.focus();

// A second click within two seconds is the same click of a tired hand.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent && event.timeStamp - Number(form.dataset.sent) < 2000) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = String(event.timeStamp);
});

// WCAG 2.2.2: what moves by itself can be stopped.
let stopped = false;
if (document.querySelector("[data-live]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "freshness__stop";
  button.textContent = words.stop;
  button.addEventListener("click", () => {
    stopped = !stopped;
    button.textContent = stopped ? words.go : words.stop;
  });
  document.getElementById("freshness")?.append(" ", button);
}
document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.detail.elt;
  if (part.matches("[data-live]") && (stopped || document.hidden || part.contains(document.activeElement))) {
    event.preventDefault();
  }
});
