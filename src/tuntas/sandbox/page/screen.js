/*
 * What a person would see: the QR, what the page is doing, or why it does nothing. No more than libraries look for.
 *
 * It only follows what the models say, and changes nothing of them but by the button that asks for another QR.
 */
"use strict";

__d("SandboxScreen", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { Conn } = require("WAWebConnModel");
  const { Socket } = require("WAWebSocketModel");
  const { Stream, StreamMode } = require("WAWebStreamModel");
  const { BackendEventBus } = require("WAWebBackendEventBus");
  const { WAWebLinkDeviceEvents } = require("WAWebLinkDeviceEvents");
  const { SOCKET_STATE } = require("WAWebSocketConstants");
  const { encodeB64 } = require("WABase64");
  const QUIET_ZONE = 4;
  const MODULE_PIXELS = 4;

  // What stands above the mode of the stream, while it is so.
  const above = { ban: null, unavailable: false, leaving: false, passkey: null };

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const words = (heading, ...lines) => [element("h1", {}, heading), ...lines.map((line) => element("p", {}, line))];

  /* The text of the QR, as a phone reads it. */
  async function codeText(ref) {
    const { staticKeyPair } = await require("WAWebUserPrefsInfoStore").waNoiseInfo.get();
    const { identityKeyPair } = await require("WAWebSignalStoreApi").waSignalStore.getRegistrationInfo();
    const keys = [staticKeyPair.pubKey, identityKeyPair.pubKey].map(encodeB64);
    const secret = require("WAWebUserPrefsMultiDevice").getADVSecretKey();
    return [ref, ...keys, secret, require("WAWebCompanionRegClientUtils").DEVICE_PLATFORM].join(",");
  }

  /* Encoding a QR is the server's work: it has a library for it. */
  async function draw(canvas, text) {
    const answer = await fetch("/_sandbox/qr", { method: "POST", body: text });
    const rows = await answer.json();
    const size = (rows.length + 2 * QUIET_ZONE) * MODULE_PIXELS;
    Object.assign(canvas, { width: size, height: size });
    const context = canvas.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, size, size);
    context.fillStyle = "#122e31";
    rows.forEach((row, y) => {
      for (let x = 0; x < row.length; x += 1) {
        const [left, top] = [x + QUIET_ZONE, y + QUIET_ZONE].map((at) => at * MODULE_PIXELS);
        if (row[x] === "1") context.fillRect(left, top, MODULE_PIXELS, MODULE_PIXELS);
      }
    });
  }

  const canvas = element("canvas", { "aria-label": "Scan this QR code to link a device!", role: "img" });
  const code = element("div", { "data-ref": "" }, canvas);

  async function showRef() {
    const text = await codeText(Conn.ref);
    await draw(canvas, text);
    code.setAttribute("data-ref", text);
  }

  function qr() {
    if (Conn.ref === undefined) return words("WhatsApp", "One moment …");
    code.replaceChildren(canvas);
    if (Socket.state === SOCKET_STATE.UNPAIRED_IDLE) {
      const button = element("button", { type: "button" }, "Click to reload QR code");
      button.addEventListener("click", () => BackendEventBus.triggerRefreshQR());
      code.append(button);
    }
    return [element("div", { class: "landing-wrapper" }, ...words("Scan to log in"), code)];
  }

  function passkey({ code: shown, error }) {
    const lines = [shown && `Code: ${shown}`, error && `It failed: ${error}`].filter(Boolean);
    return [element("div", { "data-testid": "shortcake_passkey_screen" }, ...words("Use your passkey", ...lines))];
  }

  const BY_MODE = {
    [StreamMode.QR]: qr,
    [StreamMode.SYNCING]: () => words("Loading your chats", "Don't close this window."),
    [StreamMode.OFFLINE]: () => words("Computer not connected", "Make sure your computer has an active connection."),
    [StreamMode.CONFLICT]: () => words("WhatsApp is open in another window"),
    [StreamMode.PROXYBLOCK]: () => words("WhatsApp is blocked by your network"),
    [StreamMode.TOS_BLOCK]: () => words("Terms of Service", "Open WhatsApp on your phone to accept the new terms."),
    [StreamMode.SMB_TOS_BLOCK]: () => words("Terms of Service", "Open WhatsApp Business on your phone to accept the new terms."),
    [StreamMode.DEPRECATED_VERSION]: () => words("Update WhatsApp", "This version of WhatsApp Web is not supported any more."),
    [StreamMode.MAIN]: () => [element("div", { class: "two", tabindex: "-1" }, ...words("WhatsApp", "Your chats are here."))],
  };

  function content() {
    if (above.ban) return words("Your account is temporarily banned", `It ends in ${above.ban.expire} seconds.`, above.ban.message ?? "");
    if (above.unavailable) return words("WhatsApp is temporarily unavailable", "Please try again later.");
    if (above.leaving) return words("Logging out");
    if (above.passkey) return passkey(above.passkey);
    return BY_MODE[Stream.mode]();
  }

  let shown = null;

  function show() {
    const now = JSON.stringify([above, Stream.mode, Socket.state === SOCKET_STATE.UNPAIRED_IDLE, Conn.ref !== undefined]);
    if (now === shown) return;
    shown = now;
    document.querySelector("#app > div").replaceChildren(...content());
  }

  function raise(name, value) {
    above[name] = value;
    show();
  }

  exports.start = () => {
    Stream.on("change:mode", show, exports);
    Socket.on("change:state", show, exports);
    Conn.on("change:ref", () => {
      show();
      showRef().catch(() => {}); // the server is gone: what it shows is of no use then
    });
    BackendEventBus.onTemporaryBan((ban) => raise("ban", ban.banned ? ban : null));
    BackendEventBus.onServiceUnavailable(() => raise("unavailable", true));
    BackendEventBus.onStartingLogout(() => raise("leaving", true));
    BackendEventBus.onOpenSocketStream(() => {
      above.unavailable = false;
      raise("passkey", null);
    });
    const linking = (event, listener) => WAWebLinkDeviceEvents.on(`link_device_events:${event}`, listener);
    linking("passkey_prologue_request", () => raise("passkey", {}));
    linking("shortcake_verification_code_ready", (text) => raise("passkey", { code: text }));
    linking("shortcake_error", (error) => raise("passkey", { error }));
    show();
  };
});
