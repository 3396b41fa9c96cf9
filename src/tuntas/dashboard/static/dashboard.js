// What htmx does not do: an event source that comes back by itself and sleeps while nobody looks, times in the
// reader's own zone, and a few small comforts. Pages work as plain forms and links without it.
"use strict";

const AGAIN_AFTER_MS = 2000;
const AWAY_AFTER_FAILURES = 1;
const language = document.documentElement.lang;

// Browsers allow six connections to a host: a hidden tab gives its own back. And the extension would take a closed
// source for an error and wait longer each time; this one is never closed, only between two connections.
class LiveSource extends EventTarget {
  #url;
  #inner = null;
  #failures = 0;
  #timer = 0;
  #types = new Set();
  readyState = EventSource.CONNECTING;

  constructor(url) {
    super();
    this.#url = url;
    this.#follow("leave");
    super.addEventListener("leave", (event) => location.assign(event.data));
    document.addEventListener("visibilitychange", this.#watch);
    window.addEventListener("online", this.#watch);
    window.addEventListener("pagehide", () => this.#rest());
    window.addEventListener("pageshow", this.#watch);
    this.#watch();
  }

  addEventListener(type, listener) {
    super.addEventListener(type, listener);
    this.#follow(type);
  }

  close() {
    document.removeEventListener("visibilitychange", this.#watch);
    window.removeEventListener("online", this.#watch);
    window.removeEventListener("pageshow", this.#watch);
    this.#rest();
    this.readyState = EventSource.CLOSED;
  }

  #watch = () => {
    if (document.hidden) this.#rest();
    else if (!this.#inner) this.#connect();
  };

  #rest() {
    clearTimeout(this.#timer);
    this.#inner?.close();
    this.#inner = null;
  }

  #connect() {
    this.#rest();
    const inner = new EventSource(this.#url);
    this.#inner = inner;
    for (const type of this.#types) inner.addEventListener(type, this.#pass);
    inner.onopen = () => {
      this.#failures = 0;
      this.readyState = EventSource.OPEN;
      showAway(false);
    };
    inner.onerror = () => {
      this.#rest();
      this.readyState = EventSource.CONNECTING;
      this.#failures += 1;
      if (this.#failures > AWAY_AFTER_FAILURES) showAway(true);
      this.#timer = setTimeout(this.#watch, this.#failures > AWAY_AFTER_FAILURES ? AGAIN_AFTER_MS : 200);
    };
  }

  #follow(type) {
    if (this.#types.has(type)) return;
    this.#types.add(type);
    this.#inner?.addEventListener(type, this.#pass);
  }

  #pass = (event) => this.dispatchEvent(new MessageEvent(event.type, { data: event.data, lastEventId: event.lastEventId }));
}

function showAway(isAway) {
  document.getElementById("away").hidden = !isAway;
}

// Times are written by the server; here they stay true, and their exact form is in the reader's own zone.
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

function tellTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    const seconds = Math.round((at - Date.now()) / 1000);
    const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
    const words = relative.format(Math.trunc(seconds / size), unit);
    if (element.textContent !== words) element.textContent = words;
    const title = exact.format(at);
    if (element.title !== title) element.title = title;
  }
}

// How many things need somebody stands in the title, which is seen in other tabs too. A hidden tab has no stream: it asks.
const ASK_EVERY_MS = 30_000;
const NOTIFIES = "tuntas-notifies", TOLD = "tuntas-told";

function tellCount(count) {
  document.title = (count ? `(${count}) ` : "") + document.title.replace(/^\(\d+\) /, "");
}

// Only on wish: asked for with a button, in this browser alone.
const mayNotify = () => localStorage.getItem(NOTIFIES) === "on" && window.Notification?.permission === "granted";

async function askForTroubles() {
  const bell = document.getElementById("bell");
  if (!bell || (!document.hidden && document.hasFocus()) || (!document.hidden && !mayNotify())) return;
  const answer = await fetch(new URL("dashboard/bell", bell.href), { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.status !== 200) return;
  const troubles = await answer.json();
  tellCount(troubles.length);
  if (mayNotify()) notifyOf(troubles);
}

function notifyOf(troubles) {
  const told = JSON.parse(localStorage.getItem(TOLD) ?? "[]");
  localStorage.setItem(TOLD, JSON.stringify(troubles.map((one) => one.key)));
  for (const one of troubles.filter((one) => !told.includes(one.key))) {
    const note = new Notification("Tuntas", { body: one.sentence, tag: one.key });
    note.onclick = () => { window.focus(); location.assign(one.address); };
  }
}

function offerNotifications() {
  const button = document.getElementById("notify");
  // Some browsers have them only for a page with a worker, and none have them for a page that came by plain HTTP.
  if (!button || !window.Notification || !isSecureContext || /Android/.test(navigator.userAgent)) return;
  const show = () => button.setAttribute("aria-pressed", String(mayNotify()));
  button.hidden = false;
  show();
  button.addEventListener("click", async () => {
    if (mayNotify()) localStorage.setItem(NOTIFIES, "off");
    else if (await Notification.requestPermission() === "granted") {
      localStorage.setItem(NOTIFIES, "on");
      new Notification("Tuntas", { body: button.dataset.tells, tag: "on" });
    }
    show();
  });
}

// A fragment that the page has already is not put there again: what is typed in it, and where one is, stays.
function beforeFragment(event) {
  const fresh = event.detail.fragment.firstElementChild;
  const present = event.detail.target;
  if (fresh?.dataset.version && fresh.dataset.version === present.dataset.version) event.detail.shouldSwap = false;
  else present.parentElement.closest("[data-version]")?.removeAttribute("data-version");
}

// What was sent is not sent again; whom it went to stays.
function emptied(form) {
  for (const field of form.querySelectorAll("textarea, input[type=file]")) field.value = "";
}

// A file that is too large is told before it is uploaded.
function refuseTooLarge(event) {
  const form = event.target.closest?.("form[data-most-bytes]");
  if (!form) return;
  const isTooLarge = [...form.querySelector("input[type=file]").files].some((file) => file.size > form.dataset.mostBytes);
  document.getElementById("file-too-large").hidden = !isTooLarge;
  if (isTooLarge && event.type !== "change") event.preventDefault();
}

// Where there is a keyboard, Enter sends, as people know it; with Shift it begins a line.
function sendByEnter(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.dataset.enterSends === undefined) return;
  if (!matchMedia("(pointer: fine)").matches) return;
  event.preventDefault();
  event.target.form.requestSubmit();
}

async function copyFrom(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.querySelector("span").textContent = button.dataset.done;
}

document.addEventListener("DOMContentLoaded", () => {
  htmx.createEventSource = (url) => new LiveSource(url);
  tellTimes(document);
  setInterval(() => tellTimes(document), 1000); // what is to come is counted down
  document.body.addEventListener("htmx:oobBeforeSwap", beforeFragment);
  document.body.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target.id === "bell") tellCount(Number(document.getElementById("bell").dataset.count));
  });
  offerNotifications();
  setInterval(askForTroubles, ASK_EVERY_MS);
  document.addEventListener("visibilitychange", askForTroubles);
  document.body.addEventListener("htmx:load", (event) => tellTimes(event.target));
  document.body.addEventListener("htmx:sendError", () => showAway(true));
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status === 200 && event.target.id === "send-form") emptied(event.target);
  });
  document.body.addEventListener("change", refuseTooLarge);
  document.body.addEventListener("htmx:beforeRequest", refuseTooLarge);
  document.body.addEventListener("keydown", sendByEnter);
  document.body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copyFrom(button);
  });
  document.body.addEventListener("error", (event) => {
    const fallback = event.target.dataset?.fallback;
    if (!fallback) return;
    event.target.hidden = true;
    document.getElementById(fallback).hidden = false;
  }, true);
});
