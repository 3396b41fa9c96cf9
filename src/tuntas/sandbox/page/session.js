/*
 * The life of this page: in what order a session starts, pairs, works, loses its connection, and ends.
 *
 * Everything that happens is an event of the backend; the models follow from those. Libraries read meaning into their
 * order; it is written here and nowhere else. Two of them are traps: `Conn.ref` is never cleared again (a library would
 * show "null" as a QR), and `hasSynced` becomes true exactly once (each change is a new "ready" to whatsapp-web.js).
 */
"use strict";

__d("SandboxSession", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const identity = require("SandboxIdentity");
  const inbox = require("SandboxInbox");
  const { transport } = require("SandboxTransport");
  const { encodeB64 } = require("WABase64");
  const { createUserWidOrThrow } = require("WAWebWidFactory");
  const { Conn } = require("WAWebConnModel");
  const { Socket } = require("WAWebSocketModel");
  const { Stream } = require("WAWebStreamModel");
  const { BackendEventBus } = require("WAWebBackendEventBus");
  const { SOCKET_STATE } = require("WAWebSocketConstants");
  const { setIsConnectedAsRegistered } = require("WAWebUserPrefsIsLoggedIn");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { LogoutReason, LOGOUT_REASON_CODE } = require("WAWebLogoutReasonConstants");

  // A library may attach after the page has connected; it misses the end of the start if nobody waits for it.
  const LISTENER_WAIT_MILLISECONDS = 5_000;
  const AFTER_LISTENER_MILLISECONDS = 50;
  // wa-js listens to receipts a few turns after MAIN; what waited on the server can wait this much longer.
  const INBOX_HOLD_MILLISECONDS = 500;
  const LOGOUT_ANSWER_MILLISECONDS = 2_000;
  const LEAVING_MILLISECONDS = 500;

  let started = false; // MAIN was reached in this document
  let restored = false; // this profile had been paired before
  let leaving = false;

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  function hello() {
    const { keys, me } = identity.identity;
    return {
      kind: "hello",
      device: keys.deviceId,
      noise_key: encodeB64(keys.noise.pubKey),
      identity_key: encodeB64(keys.identity.pubKey),
      paired: me !== null,
    };
  }

  async function start() {
    await require("SandboxMutex").take();
    try {
      await identity.load();
      await require("SandboxContacts").load();
      await require("SandboxHistory").load();
    } catch (error) {
      BackendEventBus.triggerStorageInitializationError(error);
      return storageFailed();
    }
    global.Debug = { VERSION: require("WAWebUpdaterVersion").SANITIZED_VERSION_STR };
    transport.on("opening", () => BackendEventBus.triggerSetSocketState(SOCKET_STATE.OPENING));
    transport.on("open", opened);
    transport.on("ref", showRef);
    transport.on("idle", () => BackendEventBus.triggerSetSocketState(SOCKET_STATE.UNPAIRED_IDLE));
    transport.on("pairing", paired);
    transport.on("welcome", welcome);
    transport.on("unlinked", logoutByPhone);
    transport.on("replaced", replaced);
    transport.on("failure", (frame) => require("SandboxRefusals").failed(frame));
    transport.on("blocked", (frame) => require("SandboxRefusals").blocked(frame));
    transport.on("restriction", (frame) => require("SandboxRestrictions").take(frame));
    transport.on("passkey_prologue_request", (frame) => require("SandboxPasskey").request(frame));
    transport.on("passkey_code", (frame) => require("SandboxPasskey").codeReady(frame));
    transport.on("passkey_error", (frame) => require("SandboxPasskey").failed(frame));
    transport.on("call", (frame) => require("SandboxCalls").take(frame));
    transport.on("presence", (frame) => require("SandboxPresence").take(frame));
    transport.on("event", (frame) => inbox.receive(frame));
    transport.on("lost", lost);
    BackendEventBus.onReconnectSocket(() => transport.reconnect());
    BackendEventBus.onRefreshQR(() => transport.reconnect());
    restored = identity.identity.me !== null;
    if (restored) {
      setIsConnectedAsRegistered(true);
      BackendEventBus.triggerInitialLoadReady();
    }
    transport.start(hello);
  }

  /* Without its storage a page logs itself out, once; the page after that stands still. */
  async function storageFailed() {
    const hasLoggedOut = new URLSearchParams(location.search).get("logout_reason") === LOGOUT_REASON_CODE.CLIENT_FATAL;
    if (identity.identity.me !== null || !hasLoggedOut) await leave(LogoutReason.WebFailStorageInitialization);
  }

  function opened() {
    BackendEventBus.triggerSetSocketState(SOCKET_STATE.PAIRING);
    require("SandboxNotImitated").tellAgain();
  }

  function showRef({ ref, seconds }) {
    transport.markReady();
    Conn.set({ ref, refTTL: seconds * 1000 });
    BackendEventBus.triggerSetSocketState(SOCKET_STATE.UNPAIRED);
  }

  /* Who scanned the QR is known now; the real page connects anew from here on, as a registered device. */
  function paired({ number, lid, name, lid_migrated: isMigrated = false }) {
    identity.remember({ number, lid, name, isMigrated });
    BackendEventBus.triggerSetSocketState(SOCKET_STATE.OPENING);
    BackendEventBus.triggerSetSocketState(SOCKET_STATE.PAIRING);
  }

  async function welcome(frame) {
    const { number, lid, name, lid_migrated: isMigrated = false } = frame;
    identity.remember({ number, lid, name, isMigrated });
    setIsConnectedAsRegistered(true);
    BackendEventBus.triggerTemporaryBan({ banned: false });
    await require("SandboxContacts").learn({ number, lid, name });
    require("SandboxBlocklist").show(frame.blocked);
    require("SandboxRestrictions").take(frame.restrictions);
    transport.markReady();
    Conn.set({
      connected: true,
      pushname: name,
      wid: createUserWidOrThrow(number),
      platform: frame.platform,
      isSMB: frame.business ?? false,
    });
    BackendEventBus.triggerSetSocketState(SOCKET_STATE.CONNECTED);
    BackendEventBus.triggerOpenSocketStream();
    if (started) await refresh();
    else await reachMain();
  }

  async function refresh() {
    await require("SandboxAddressBook").refresh();
    await require("SandboxGroups").refresh();
    await require("SandboxLabels").refresh();
    await require("SandboxChannels").refresh();
  }

  async function reachMain() {
    started = true;
    await refresh();
    BackendEventBus.triggerOfflineProcessReady();
    const listens = await whenALibraryListens();
    if (restored) BackendEventBus.triggerMainStreamModeReady();
    else BackendEventBus.triggerCriticalSyncDone();
    if (restored || listens !== "already") {
      // whatsapp-web.js listens to messages a while after it has heard of hasSynced.
      if (listens !== "never") await MsgCollection.whenListened("add", LISTENER_WAIT_MILLISECONDS);
      await pause(INBOX_HOLD_MILLISECONDS);
    }
    inbox.open();
    BackendEventBus.isOfflineDeliveryEnd = true;
    BackendEventBus.triggerOfflineDeliveryEnd();
    await require("SandboxOutbox").sendWhatIsLeft();
  }

  /* Resolve at once if somebody listens "already"; else when somebody does, "now", or has had the time to, "never". */
  async function whenALibraryListens() {
    const own = [Stream, require("SandboxScreen")];
    if (Socket.hasListener("change:hasSynced", own) || Stream.hasListener("change:mode", own)) return "already";
    const heard = await Promise.race([
      Socket.whenListened("change:hasSynced", LISTENER_WAIT_MILLISECONDS, own),
      Stream.whenListened("change:mode", LISTENER_WAIT_MILLISECONDS, own),
    ]);
    await pause(AFTER_LISTENER_MILLISECONDS);
    return heard ? "now" : "never";
  }

  function lost() {
    Conn.connected = false;
    BackendEventBus.triggerSocketStreamDisconnected();
  }

  /* Another connection of this device has taken over. The page stops and says so nowhere but in the stream. */
  function replaced() {
    transport.stop();
  }

  /* The real one returns nothing; whatsapp-web.js closes the browser at once after this, and the server must know. */
  async function logoutByUser() {
    if (leaving) return;
    leaving = true;
    BackendEventBus.triggerStartingLogout();
    // A server that does not answer keeps nobody logged in; the phone then still lists this device.
    await Promise.race([transport.request({ kind: "logout" }), pause(LOGOUT_ANSWER_MILLISECONDS)]);
    void leave(LogoutReason.UserInitiated);
  }

  /* No reason comes with it. */
  function logoutByPhone() {
    if (leaving) return;
    leaving = true;
    BackendEventBus.triggerStartingLogout();
    void leave();
  }

  async function leave(reason) {
    transport.stop();
    Socket.unset("hasSynced");
    await identity.forget().catch(() => {}); // a disk that fails keeps nobody logged in
    // Nobody waits for the new document: whatsapp-web.js closes the browser once it is logged out, and trips over one
    // that comes just then.
    await pause(LEAVING_MILLISECONDS);
    const code = reason === undefined ? null : require("WAWebLogoutReason").getErrorCodeFromLogoutReason(reason);
    location.assign(`${location.pathname}?post_logout=1${code === null ? "" : `&logout_reason=${code}`}`);
    BackendEventBus.triggerLogout();
  }

  exports.start = start;
  exports.logoutByUser = logoutByUser;
});
