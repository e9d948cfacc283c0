// What script adds to pages that work without it: the error summary takes the focus, a form is sent once, a scanned address fills in a form, parts that
// refresh themselves can be stopped and do not move while somebody is in them, and the page that finds characters opens over the form.
"use strict";

const words = document.documentElement.lang === "en"
  ? { stop: "Stop refreshing", go: "Refresh again", close: "Close", failed: "No answer came. Close this, and open it again; what you have typed into the form is still there." }
  : { stop: "自動更新を止める", go: "自動更新を再開する", close: "閉じる", failed: "読み込めませんでした。閉じて、もう一度開いてください。入力欄の内容は、そのまま残っています。" };

(document.getElementById("errors") ?? document.getElementById("replaced"))?.focus();

// What stands behind the # of a scanned address is sent to nobody by the browser: it goes into the form that asks for it.
const asked = document.querySelector("[data-fragment]");
if (asked && location.hash.length > 1) {
  const proof = document.getElementById(asked.dataset.fragment);
  proof.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  proof.form.requestSubmit();
}

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

// What is chosen goes where the cursor was; into a field that nobody has been in, at its end.
const visited = new WeakSet();
let picker, field;
document.addEventListener("focusin", (event) => visited.add(event.target));
function openPicker(link) {
  field = document.getElementById(link.dataset.picker);
  if (!picker) {
    picker = document.createElement("dialog");
    picker.className = "picker";
    picker.setAttribute("aria-label", link.firstChild.textContent);
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button";
    close.dataset.kind = "plain";
    close.textContent = words.close;
    close.addEventListener("click", () => picker.close());
    picker.addEventListener("close", () => field.focus());
    picker.append(document.createElement("div"), close);
    picker.firstChild.className = "picker__body";
    document.body.append(picker);
  }
  picker.showModal();
  htmx.ajax("GET", link.href, picker.firstChild).then(() => picker.querySelector("input")?.focus());
}
// An answer that does not come, or is a refusal, is not put in place by htmx: whoever waits is told.
for (const failed of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failed, (event) => {
    if (picker?.contains(event.detail.target)) {
      const told = document.createElement("p");
      told.setAttribute("role", "alert");
      told.textContent = words.failed;
      picker.firstChild.replaceChildren(told);
    }
  });
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-picker]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openPicker(link);
    return;
  }
  const choice = event.target.closest("[data-insert]");
  if (choice && picker?.contains(choice)) {
    const end = field.value.length, was = visited.has(field);
    field.setRangeText(choice.dataset.insert, was ? field.selectionStart : end, was ? field.selectionEnd : end, "end");
    picker.close();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
