/*
 * Names and numbers that both sides agree on, and the small pure helpers around them. No state lives here.
 */
"use strict";

/* The one voice in which everything that is not imitated refuses; what was asked for is told to the server too. */
__d("SandboxNotImitated", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const missed = new Set();

  function note(what) {
    if (missed.has(what)) return;
    missed.add(what);
    require("SandboxTransport").transport.tell({ kind: "missing", what });
  }

  class NotImitatedError extends Error {
    constructor(what) {
      super(`this local WhatsApp Web does not imitate ${what}`);
      note(what);
      this.name = "NotImitatedError";
    }
  }

  exports.note = note;
  /* To a server that was not to be reached when something was missed. */
  exports.tellAgain = () => missed.forEach((what) => require("SandboxTransport").transport.tell({ kind: "missing", what }));
  exports.NotImitatedError = NotImitatedError;
  exports.notImitated = (what) => () => {
    throw new NotImitatedError(what);
  };
});

__d("WAWebBuildConstants", [], (global, _require, _default, _namespace, _lazy, _module, exports) => {
  // Libraries choose the shape of some calls by this version: it stays high, and as the server says.
  const version = global.sandboxSettings.version;
  const [primary, secondary, tertiary] = version.split(".");
  exports.VERSION_STR = version;
  exports.VERSION_BASE = version;
  exports.VERSION_PRIMARY = primary;
  exports.VERSION_SECONDARY = secondary;
  exports.VERSION_TERTIARY = tertiary;
  exports.WINDOWS_BUILD = null;
});

__d("WAWebUpdaterVersion", [], (global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.SANITIZED_VERSION_STR = global.sandboxSettings.version;
});

__d("WAWebSocketConstants", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const same = (...names) => Object.freeze(Object.fromEntries(names.map((name) => [name, name])));
  exports.SOCKET_STATE = same(
    "OPENING",
    "PAIRING",
    "UNPAIRED",
    "UNPAIRED_IDLE",
    "CONNECTED",
    "CONFLICT",
    "UNLAUNCHED",
    "PROXYBLOCK",
    "TOS_BLOCK",
    "SMB_TOS_BLOCK",
    "DEPRECATED_VERSION",
    "SCREEN_LOCKED",
  );
  exports.SOCKET_STREAM = same("DISCONNECTED", "SYNCING", "RESUMING", "CONNECTED");
});

__d("WAWebAck", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.ACK = Object.freeze({
    EXPIRED: -2,
    FAILED: -1,
    CLOCK: 0,
    SENT: 1,
    RECEIVED: 2,
    READ: 3,
    PLAYED: 4,
    PEER: 5,
  });
  exports.EDIT_ATTR = Object.freeze({ SENDER_REVOKE: 7, ADMIN_REVOKE: 8 });
  exports.ACK_STRING = Object.freeze({
    SENDER: "sender",
    DELIVERY: "delivery",
    READ: "read",
    PLAYED: "played",
    INACTIVE: "inactive",
    READ_SELF: "read-self",
    PLAYED_SELF: "played-self",
  });
});

__d("WAWebMsgType", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const types = [
    "album", "audio", "broadcast_notification", "call_log", "chat", "ciphertext", "debug", "document", "e2e_notification",
    "event_creation", "event_response", "gp2", "groups_v4_invite", "hsm", "image", "interactive", "keep_in_chat", "list",
    "list_response", "location", "multi_vcard", "newsletter_notification", "notification", "notification_template",
    "order", "oversized", "payment", "pinned_message", "poll_add_option_decrypted", "poll_creation", "poll_update",
    "product", "protocol", "ptt", "ptv", "reaction", "reaction_enc", "request_phone_number", "revoked", "status_notification",
    "sticker", "template_button_reply", "unknown", "vcard", "video",
  ];
  exports.MSG_TYPE = Object.freeze(Object.fromEntries(types.map((type) => [type.toUpperCase(), type])));
  exports.SYSTEM_MESSAGE_TYPES = Object.freeze([
    "broadcast_notification", "call_log", "debug", "e2e_notification", "gp2", "newsletter_notification", "notification",
    "notification_template", "protocol", "pinned_message", "poll_add_option_decrypted",
  ]);
});

__d("WAWebSendMsgResultAction", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.SendMsgResult = Object.freeze({
    OK: "OK",
    ERROR_NETWORK: "ERROR_NETWORK",
    ERROR_EXPIRED: "ERROR_EXPIRED",
    ERROR_CANCELLED: "ERROR_CANCELLED",
    ERROR_UPLOAD: "ERROR_UPLOAD",
    ERROR_UNKNOWN: "ERROR_UNKNOWN",
    ERROR_RATE_LIMIT: "ERROR_RATE_LIMIT",
  });
});

__d("WATimeUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.unixTime = () => Math.floor(Date.now() / 1000);
  exports.unixTimeMs = () => Date.now();
});

__d("WABase64", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.encodeB64 = (data) => {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  };
  const urlSafe = (text) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const plain = (text) => text.replaceAll("-", "+").replaceAll("_", "/");
  exports.encodeB64UrlSafe = (data) => urlSafe(exports.encodeB64(data));
  exports.decodeB64UrlSafe = (text) => exports.decodeB64(plain(text));
  exports.decodeB64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
});
