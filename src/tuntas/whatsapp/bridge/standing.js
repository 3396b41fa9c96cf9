// The bridge between WA-JS in the page and the server: its reports, and where the page stands.
//
// The files of this folder run one after the other in one function, in every document, right after WA-JS. Facts are
// reported through one binding (`__tuntasReport`, JSON text); what the server calls is added to `calls`, and ends up on
// `__tuntas`. Nothing here may poll once the page stands: the only timer ends with the first QR or with WA-JS's own
// start. Chat bodies pass through here; nothing is written to the console.
const calls = {};

const report = (kind, details = {}) => globalThis.__tuntasReport?.(JSON.stringify({ kind, ...details }));
const text = (id) => (id == null ? null : typeof id === "string" ? id : (id._serialized ?? String(id)));

// --- what we call, by the moment from which it must be there -------------------------------------------------

const NEEDED = {
  injected: [
    "conn.getAuthCode", "conn.isAuthenticated", "conn.logout", "conn.getMyUserId",
    "whatsapp.Conn", "whatsapp.Socket", "whatsapp.Stream", "whatsapp.Cmd",
  ],
  connected: [
    "chat.sendTextMessage", "chat.getMessages", "chat.get", "chat.find", "chat.generateMessageID", "chat.getMessageById",
    "whatsapp.MsgStore", "whatsapp.ChatStore", "whatsapp.MsgKey", "whatsapp.functions.addAndSendMsgToChat",
    "whatsapp.functions.findOrCreateLatestChat", "whatsapp.functions.handleChatSimpleReceipt",
    "whatsapp.functions.msgFindByDirection",
  ],
};

const missing = (names) =>
  names.filter((name) => {
    try {
      return name.split(".").reduce((value, part) => value?.[part], WPP) == null;
    } catch {
      return true;
    }
  });

const isComplete = (moment) => {
  const names = missing(NEEDED[moment]);
  if (names.length > 0) report("changed", { names });
  return names.length === 0;
};

// --- the QR, as early as its parts are there ------------------------------------------------------------------

let lastQr = null;
const reportQr = (code) => {
  if (!code || code === lastQr) return;
  lastQr = code;
  report("qr", { code });
};

// WA-JS waits until the page's modules have been quiet for 750 ms; a QR's parts are there long before.
const readQrEarly = async () => {
  const { Conn } = require("WAWebConnModel");
  const { Socket } = require("WAWebSocketModel");
  if (!Conn?.ref || Conn.connected || Socket?.state === "CONNECTED") return;
  const { waNoiseInfo } = require("WAWebUserPrefsInfoStore");
  const { waSignalStore } = require("WAWebSignalStoreApi");
  const { encodeB64 } = require("WABase64");
  const { getADVSecretKey } = require("WAWebUserPrefsMultiDevice");
  const noise = await waNoiseInfo.get();
  const registration = await waSignalStore.getRegistrationInfo();
  const keys = [noise.staticKeyPair.pubKey, registration.identityKeyPair.pubKey].map((key) => encodeB64(key));
  reportQr([Conn.ref, ...keys, await getADVSecretKey()].join(","));
};

const early = setInterval(() => {
  if (lastQr !== null || WPP.isInjected) {
    clearInterval(early);
  } else {
    readQrEarly().catch(() => {}); // a part is not there yet, or has another name now: WA-JS reports it later
  }
}, 50);

// --- where the page stands ------------------------------------------------------------------------------------

let standing = "";
const stand = (kind, details) => {
  const now = kind + JSON.stringify(details ?? {});
  if (now === standing) return;
  standing = now;
  report(kind, details);
};

const me = () => ({
  id: text(WPP.conn.getMyUserId()),
  pushName: WPP.whatsapp.Conn.pushname ?? null,
});

const isConnected = () =>
  WPP.conn.isAuthenticated() && WPP.whatsapp.Stream.mode === "MAIN" && WPP.whatsapp.Socket.state === "CONNECTED";

// WA-JS counts the QR as ready too, so its "ready" says nothing about a login: judge by these three.
const look = () => {
  if (!WPP.conn.isAuthenticated()) return;
  if (isConnected()) {
    if (isComplete("connected")) stand("connected", me());
  } else if (WPP.whatsapp.Stream.mode === "MAIN") {
    stand("disconnected", { state: String(WPP.whatsapp.Socket.state) });
  } else {
    stand("scanned");
  }
};

let logoutReason = "unknown";

WPP.on("loader.injected", () => {
  if (!isComplete("injected")) return;
  WPP.whatsapp.Socket.on("change:state", look);
  WPP.whatsapp.Conn.on("change:pushname", look);
  look();
});
WPP.on("conn.auth_code_change", (code) => reportQr(code?.fullCode));
WPP.on("conn.authenticated", look);
WPP.on("conn.main_loaded", look);
WPP.on("conn.stream_mode_changed", look);
WPP.on("conn.logout_reason", (reason) => (logoutReason = String(reason)));
WPP.on("conn.logout", () => report("unlinked", { reason: logoutReason }));

// --- calls ----------------------------------------------------------------------------------------------------

calls.probe = () => isConnected();
calls.logOut = () => WPP.conn.logout();
