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
  exports.SANITIZED_VERSION_STR = version;
  exports.VERSION_STR = version;
  exports.VERSION_BASE = version;
  exports.VERSION_PRIMARY = primary;
  exports.VERSION_SECONDARY = secondary;
  exports.VERSION_TERTIARY = tertiary;
  exports.WINDOWS_BUILD = null;
  exports.PARSED = { PRIMARY: Number(primary), SECONDARY: Number(secondary), TERTIARY: Number(tertiary) };
});

__d("WAWebSocketConstants", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const same = (...names) => Object.freeze(Object.fromEntries(names.map((name) => [name, name])));
  exports.SOCKET_STATE = same(
    "OPENING",
    "PAIRING",
    "UNPAIRED",
    "UNPAIRED_IDLE",
    "CONNECTED",
    "TIMEOUT",
    "CONFLICT",
    "UNLAUNCHED",
    "PROXYBLOCK",
    "TOS_BLOCK",
    "SMB_TOS_BLOCK",
    "DEPRECATED_VERSION",
  );
  exports.SOCKET_STREAM = same("DISCONNECTED", "SYNCING", "RESUMING", "CONNECTED");
  exports.WATCHED_SOCKET_STATE = same("OPEN", "CLOSED");
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
  exports.MSG_TYPE = Object.freeze({
    CHAT: "chat",
    IMAGE: "image",
    VIDEO: "video",
    AUDIO: "audio",
    PTT: "ptt",
    STICKER: "sticker",
    DOCUMENT: "document",
    LOCATION: "location",
    VCARD: "vcard",
    MULTI_VCARD: "multi_vcard",
    REACTION: "reaction",
    PROTOCOL: "protocol",
    REVOKED: "revoked",
    CIPHERTEXT: "ciphertext",
    CALL_LOG: "call_log",
    GP2: "gp2",
    E2E_NOTIFICATION: "e2e_notification",
    NOTIFICATION: "notification",
    NOTIFICATION_TEMPLATE: "notification_template",
    UNKNOWN: "unknown",
  });
  exports.SYSTEM_MESSAGE_TYPES = ["gp2", "e2e_notification", "notification", "notification_template"];
});

__d("WAWebSendMsgResult", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.SendMsgResult = Object.freeze({
    OK: "OK",
    ERROR_NETWORK: "ERROR_NETWORK",
    ERROR_EXPIRED: "ERROR_EXPIRED",
    ERROR_CANCELLED: "ERROR_CANCELLED",
    ERROR_UPLOAD: "ERROR_UPLOAD",
    ERROR_UNKNOWN: "ERROR_UNKNOWN",
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
  exports.decodeB64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
});
