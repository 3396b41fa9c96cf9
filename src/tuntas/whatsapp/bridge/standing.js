// The bridge between WA-JS in the page and the server: its reports, and where the page stands.
//
// The files of this folder run one after the other in one function, in every document, right after WA-JS. Facts are
// reported through one binding (`__tuntasReport`, JSON text); what the server calls is added to `calls`, and ends up on
// `__tuntas`. Nothing here may poll once the page stands: the only timer ends with the first QR or with WA-JS's own
// start. Chat bodies pass through here; nothing is written to the console.
const calls = {};

// Half of a letter, where WhatsApp Web has cut a text in two, is no UTF-8: the server would refuse all that it is in.
const wellFormed = (value) => {
  if (typeof value === "string") return value.isWellFormed() ? value : value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [wellFormed(key), wellFormed(inner)]));
};

const report = (kind, details = {}) => globalThis.__tuntasReport?.(JSON.stringify(wellFormed({ kind, ...details })));
const text = (id) => (id == null ? null : typeof id === "string" ? id : (id._serialized ?? String(id)));

// A full disk is met by whatever the page writes next; what WA-JS starts without waiting for it fails unheard.
const isDiskFull = (error) =>
  /QuotaExceeded|NO_SPACE|disk is full/i.test(`${error?.name} ${error?.message ?? error}`);
const DISK_IS_FULL = "The page cannot write: the disk is full. Free some space and ask again.";
let diskFullAt = -Infinity;
const whenDiskIsFull = new Set();
// What comes in is not written down either, and stays on WhatsApp's servers until the next connection: the server is told,
// after a call that is under way has had its own answer.
const TELL_OF_FULL_DISK_AFTER_MILLISECONDS = 5000;
const noteFullDisk = (error) => {
  if (!isDiskFull(error)) return;
  diskFullAt = performance.now();
  whenDiskIsFull.forEach((tell) => tell(error));
  setTimeout(() => trouble("storage_failure", DISK_IS_FULL), TELL_OF_FULL_DISK_AFTER_MILLISECONDS);
};
addEventListener("unhandledrejection", ({ reason }) => noteFullDisk(reason));
addEventListener("error", ({ error }) => noteFullDisk(error));

// The server takes no longer answer, and ends a browser that gives one. A letter that is no ASCII is six bytes there.
const MOST_OF_AN_ANSWER = 7 * 1024 * 1024;
const requireShort = (answer) => {
  if (answer === null || typeof answer !== "object") return answer;
  const json = JSON.stringify(answer);
  const size = json.length + 5 * (json.match(/[^\x00-\x7f]/g)?.length ?? 0);
  if (size <= MOST_OF_AN_ANSWER) return answer;
  refuse("too_large", `The answer would have ${Math.ceil(size / 2 ** 20)} MB. Ask for less at once: a smaller limit.`);
};

// What the server gets of a call: plain values, or an error that says what to do.
const offered = (call) => async (asked) => {
  const begunAt = performance.now();
  try {
    return requireShort(wellFormed(await call(asked)));
  } catch (error) {
    if (!refusals.has(error) && (isDiskFull(error) || diskFullAt >= begunAt)) refuse("disk_full", DISK_IS_FULL);
    throw error;
  }
};

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

const isMissing = (name) => {
  try {
    const [first, ...parts] = name.split(".");
    const start = first.startsWith("WAWeb") ? require(first) : WPP[first];
    return parts.reduce((value, part) => value?.[part], start) == null;
  } catch {
    return true;
  }
};
const missing = (names) => names.filter((name) => name.split("|").every(isMissing));

// Modules come late on a slow machine: what is missing is told, and looked for until it is there or the page goes.
const complete = {};
const whenComplete = (moment) => {
  complete[moment] ??= new Promise((resolve) => {
    let told = "";
    const lookAgain = () => {
      const names = missing(NEEDED[moment]);
      if (names.length === 0) return resolve();
      if (told !== (told = names.join())) report("changed", { names });
      setTimeout(lookAgain, 1000);
    };
    lookAgain();
  });
  return complete[moment];
};

// --- the QR, as early as its parts are there ------------------------------------------------------------------

let lastQr = null;
const reportQr = (code) => {
  if (!code || code === lastQr) return;
  lastQr = code;
  tellPage(lacking);
  report("qr", { code });
};

// To ask for a module that the page has not run yet would run it, and all that it needs, out of turn. A page whose loader
// does not say is asked after a while all the same.
const ASK_ANYHOW_AFTER_MILLISECONDS = 5000;
const hasRun = (id) => {
  try {
    return require("__debug").modulesMap[id]?.factoryFinished === true;
  } catch {
    return false;
  }
};
const mayAskEarly = () =>
  ["WAWebConnModel", "WAWebSocketModel"].every(hasRun) || performance.now() > ASK_ANYHOW_AFTER_MILLISECONDS;

// Of a page that goes on loading WA-JS hears long after a phone has scanned: the page itself knows at once.
const seeScanEarly = () => {
  const { Socket } = require("WAWebSocketModel");
  const { Stream } = require("WAWebStreamModel");
  const { isRegistered } = require("WAWebUserPrefsMultiDevice");
  const see = () => {
    if (!WPP.isInjected && lastQr !== null && isRegistered() && Stream.mode === "SYNCING") stand("scanned");
  };
  Socket.on("change:state", see);
  Stream.on("change:mode", see);
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
  const isFirst = lastQr === null;
  reportQr([Conn.ref, ...keys, await getADVSecretKey()].join(","));
  if (isFirst) seeScanEarly();
};

const early = setInterval(() => {
  if (lastQr !== null || WPP.isInjected) {
    clearInterval(early);
  } else if (mayAskEarly()) {
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
  id: ownId(),
  lid: text(ownLid()),
  jid: ownDevice(),
  pushName: WPP.whatsapp.Conn.pushname ?? null,
});

// The stream too: where another login has replaced this one, state and mode stay as they were.
const isConnected = () => {
  const { Socket, Stream } = WPP.whatsapp;
  const isOpen = Socket.state === "CONNECTED" && Socket.stream === "CONNECTED";
  return WPP.conn.isAuthenticated() && Stream.mode === "MAIN" && isOpen;
};

// Another login in this one's place leaves state and mode as they were; a lost connection does for a moment only.
const REPLACED_AFTER_MILLISECONDS = 3000;
const isReplaced = () => {
  const { Socket, Stream } = WPP.whatsapp;
  return Stream.mode === "MAIN" && Socket.state === "CONNECTED" && Socket.stream === "DISCONNECTED";
};

const BLOCKED = {
  TOS_BLOCK: "terms_not_accepted",
  SMB_TOS_BLOCK: "terms_not_accepted",
  DEPRECATED_VERSION: "update_required",
};
const trouble = (reason, detail = "", seconds = null) => {
  report("trouble", { reason, detail: String(detail).slice(0, 512), seconds });
};

let leaving = false;

// WA-JS counts the QR as ready too, so its "ready" says nothing about a login: judge by these.
const look = () => {
  if (leaving || !WPP.conn.isAuthenticated()) return;
  const { state, stream } = WPP.whatsapp.Socket;
  if (isConnected()) {
    // Who hears of it may kill the browser at once.
    whenComplete("connected")
      .then(() => Promise.all([copyLogin(), knowCapabilities()]))
      .then(() => isConnected() && stand("connected", me()))
      .then(knowRestrictions);
  } else if (BLOCKED[WPP.whatsapp.Stream.mode]) {
    trouble(BLOCKED[WPP.whatsapp.Stream.mode], `WhatsApp Web ${pageVersion()}: ${WPP.whatsapp.Stream.mode}`);
  } else if (WPP.whatsapp.Stream.mode === "MAIN") {
    if (isReplaced()) setTimeout(() => isReplaced() && trouble("replaced"), REPLACED_AFTER_MILLISECONDS);
    stand("disconnected", { state: state === "CONNECTED" ? `stream ${stream}` : String(state) });
  } else {
    stand("scanned");
  }
};

// The page tells of a logout by two events of its backend, and by the address that it then goes to.
let logoutReason = "unknown";
let loggedOut = () => {};
const unlinked = () => {
  report("unlinked", { reason: logoutReason });
  loggedOut();
};
const BACKEND_EVENTS = {
  starting_logout: () => {
    leaving = true;
    forgetLogin();
  },
  logout: unlinked,
  account_temporarily_banned: (ban) => {
    if (!ban?.banned) return;
    // Seconds from now; a number of a date's size would be one.
    const expire = Number(ban.expire ?? NaN);
    const left = expire > 1e9 ? expire - Date.now() / 1000 : expire;
    const seconds = Number.isFinite(left) ? Math.max(1, Math.ceil(left)) : null;
    trouble("temporary_ban", ban.message ?? `code ${ban.code}`, seconds);
  },
  service_unavailable_503: () => trouble("service_unavailable"),
  storage_initialization_error: () => trouble("storage_failure", "the page's database cannot be opened"),
};
if (hasLoggedOut) unlinked();

WPP.on("loader.injected", async () => {
  await whenComplete("injected");
  WPP.whatsapp.Socket.on("change:state change:stream", look);
  const tellState = () => tellEvent("state.change", { state: String(WPP.whatsapp.Socket.state) });
  WPP.whatsapp.Socket.on("change:state", tellState);
  tellState(); // what it became before WA-JS was there
  WPP.whatsapp.Conn.on("change:pushname", look);
  look();
});
WPP.on("conn.auth_code_change", (code) => reportQr(code?.fullCode));
WPP.on("conn.stream_mode_changed", look);
WPP.on("conn.qrcode_idle", () => WPP.whatsapp.BackendEventBus.triggerRefreshQR());
WPP.on("conn.logout_reason", (reason) => (logoutReason = String(reason)));
WPP.on("conn.backend_event", (name, value) => BACKEND_EVENTS[name]?.(value));

// A page that has no modules at all is one that does not want this browser: its own words say why.
addEventListener("load", () => {
  setTimeout(() => {
    if (typeof globalThis.require === "function") return;
    const words = document.body?.innerText?.replace(/\s+/g, " ").trim() ?? "";
    trouble("unsupported_browser", `${document.title}: ${words}`);
  }, 10_000);
});

// --- calls ----------------------------------------------------------------------------------------------------

calls.probe = () => {
  if (lacking !== null && Object.keys(lacking).length > 0) lookAtCapabilities();
  if (isConnected()) lookAtUnreadable();
  return isConnected();
};
calls.reconnect = () => void (isConnected() || WPP.whatsapp.Socket.reconnect());
// WA-JS's own promise waits for an event that the page does not fire.
calls.logOut = () =>
  new Promise((resolve) => {
    loggedOut = resolve;
    WPP.conn.logout();
  });
