/*
 * The life of this page: in what order a session starts, pairs, works, loses its connection, and ends.
 *
 * Libraries read meaning into the order of these assignments; it is written here and nowhere else. Two of them are
 * traps: `Conn.ref` is never cleared again (a library would show "null" as a QR), and `hasSynced` changes exactly
 * once, to true (each change is a new "ready" to whatsapp-web.js).
 */
"use strict";

__d("SandboxSession", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const storage = require("SandboxStorage");
  const identity = require("SandboxIdentity");
  const inbox = require("SandboxInbox");
  const { transport } = require("SandboxTransport");
  const { encodeB64 } = require("WABase64");
  const { createUserWidOrThrow } = require("WAWebWidFactory");
  const { Conn } = require("WAWebConnModel");
  const { Socket } = require("WAWebSocketModel");
  const { Stream } = require("WAWebStreamModel");
  const { Cmd } = require("WAWebCmd");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { LogoutReason } = require("WAWebLogoutReason");

  // A library may attach after the page has connected; it misses the end of the start if nobody waits for it.
  const LISTENER_WAIT_MILLISECONDS = 5_000;
  const AFTER_LISTENER_MILLISECONDS = 50;
  // wa-js listens to receipts a few turns after MAIN; what waited on the server can wait this much longer.
  const INBOX_HOLD_MILLISECONDS = 500;
  const LOGOUT_ANSWER_MILLISECONDS = 2_000;
  const LEAVING_MILLISECONDS = 500;

  let started = false; // MAIN was reached in this document
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
    await identity.load();
    await require("SandboxContacts").load();
    await require("SandboxHistory").load();
    global.Debug = { VERSION: require("WAWebBuildConstants").SANITIZED_VERSION_STR };
    transport.on("ref", showRef);
    transport.on("pairing", () => (Socket.state = "PAIRING"));
    transport.on("welcome", welcome);
    transport.on("unlinked", logoutByPhone);
    transport.on("conflict", conflict);
    transport.on("presence", (frame) => require("SandboxPresence").take(frame));
    transport.on("event", (frame) => inbox.receive(frame));
    transport.on("open", () => require("SandboxNotImitated").tellAgain());
    transport.on("opening", () => (Socket.state = "OPENING"));
    transport.on("lost", lost);
    transport.start(hello);
  }

  function showRef({ ref, seconds }) {
    transport.markReady();
    Socket.state = "UNPAIRED";
    Stream.info = "PAIRING";
    Stream.mode = "QR";
    Conn.refTTL = seconds;
    Conn.ref = ref;
  }

  async function welcome(frame) {
    const restored = identity.identity.me !== null;
    await identity.remember({ number: frame.number, lid: frame.lid, name: frame.name, platform: frame.platform });
    await require("SandboxContacts").learn({ number: frame.number, lid: frame.lid, name: frame.name });
    require("WAWebBlockContactAction").showBlocked(frame.blocked);
    transport.markReady();
    Conn.set({
      connected: true,
      pushname: frame.name,
      wid: createUserWidOrThrow(frame.number),
      platform: frame.platform,
    });
    Socket.stream = "CONNECTED";
    Socket.state = "CONNECTED";
    if (started) {
      Stream.info = "NORMAL";
      await require("SandboxGroups").refresh();
      return;
    }
    await reachMain(restored);
  }

  async function reachMain(restored) {
    started = true;
    Stream.info = "SYNCING";
    Stream.mode = "SYNCING";
    await require("SandboxGroups").refresh();
    Cmd.isMainLoaded = true;
    Cmd.trigger("main_loaded");
    Cmd.trigger("offline_progress_update_from_bridge");
    const listens = await whenALibraryListens();
    Stream.info = "NORMAL";
    Stream.mode = "MAIN";
    Socket.hasSynced = true;
    if (restored || listens !== "already") {
      // whatsapp-web.js listens to messages a while after it has heard of hasSynced.
      if (listens !== "never") await MsgCollection.whenListened("add", LISTENER_WAIT_MILLISECONDS);
      await pause(INBOX_HOLD_MILLISECONDS);
    }
    inbox.open();
    await require("WAWebSendMsgChatAction").sendWhatIsLeft();
  }

  /* Resolve at once if somebody listens "already"; else when somebody does, "now", or has had the time to, "never". */
  async function whenALibraryListens() {
    if (Socket.hasListener("change:hasSynced") || Stream.hasListener("change:mode")) return "already";
    const heard = await Promise.race([
      Socket.whenListened("change:hasSynced", LISTENER_WAIT_MILLISECONDS),
      Stream.whenListened("change:mode", LISTENER_WAIT_MILLISECONDS),
    ]);
    await pause(AFTER_LISTENER_MILLISECONDS);
    return heard ? "now" : "never";
  }

  function lost() {
    Conn.connected = false;
    Socket.stream = "DISCONNECTED";
    Socket.state = "TIMEOUT";
    if (started) Stream.info = "OFFLINE";
  }

  function conflict() {
    transport.stop();
    Conn.connected = false;
    Socket.stream = "DISCONNECTED";
    Socket.state = "CONFLICT";
  }

  function refreshRef() {
    transport.tell({ kind: "refresh_ref" });
  }

  async function logoutByUser() {
    // A server that does not answer keeps nobody logged in; the phone then still lists this device.
    await Promise.race([transport.request({ kind: "logout" }), pause(LOGOUT_ANSWER_MILLISECONDS)]);
    await leave(LogoutReason.UserInitiated, false);
  }

  function logoutByPhone() {
    return leave(LogoutReason.UnknownCompanion, true);
  }

  async function leave(reason, remote) {
    if (leaving) return;
    leaving = true;
    transport.stop();
    await storage.clear();
    localStorage.clear();
    identity.forget();
    require("WAWebLogoutReason").getErrorCodeFromLogoutReason(reason);
    if (remote) Cmd.trigger("logout_from_bridge");
    Cmd.isMainLoaded = false;
    Cmd.trigger("logout");
    // Socket.state stays as it is until the new document: a library would take UNPAIRED for a fresh QR. Nobody waits for
    // the new document: whatsapp-web.js closes the browser once it is logged out, and trips over one that comes just then.
    setTimeout(() => location.assign("/?post_logout=1&logout_reason=0"), LEAVING_MILLISECONDS);
  }

  exports.start = start;
  exports.refreshRef = refreshRef;
  exports.logoutByUser = logoutByUser;
});
