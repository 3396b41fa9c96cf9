/*
 * The models of the connection, which libraries watch: Conn, Socket, Stream, Cmd and their small neighbours.
 *
 * They only hold state and fire events. What moves them, and in which order, is written in session.js alone.
 * No other module may export a `Conn`, `Socket`, `Stream` or `Cmd`: wa-js takes the first it finds.
 */
"use strict";

__d("WAWebConnModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class ConnImpl extends BaseModel {
    defaults() {
      return { id: "conn", connected: false, battery: 100, plugged: true, isSMB: false };
    }

    canSetMyPushname() {
      return true;
    }
  }

  const attributes = ["ref", "refTTL", "connected", "platform", "pushname", "wid", "battery", "plugged", "isSMB"];
  defineModel(ConnImpl, "conn", attributes);
  exports.Conn = new ConnImpl();
});

/* Events of the backend, each told to the frontend's Cmd as well, as the bridge between the two does. */
__d("WAWebBackendEventBus", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");

  const BackendEvent = Object.freeze({
    LOGOUT: "logout",
    REFRESH_QR: "refresh_qr",
    STARTING_LOGOUT: "starting_logout",
    ON_CRITICAL_SYNC_DONE: "on_critical_sync_done",
    STORAGE_INITIALIZATION_ERROR: "storage_initialization_error",
    SOCKET_STREAM_DISCONNECTED: "socket_stream_disconnected",
    OPEN_SOCKET_STREAM: "open_socket_stream",
    RECONNECT_SOCKET: "reconnect_socket",
    SET_SOCKET_STATE: "set_socket_state",
    ACCOUNT_TEMPORARILY_BANNED: "account_temporarily_banned",
    INITIAL_LOAD_READY: "initial_load_ready",
    MAIN_STREAM_MODE_READY: "main_stream_mode_ready",
    SERVICE_UNAVAILABLE_503: "service_unavailable_503",
    OFFLINE_PROCESS_READY: "offline_process_ready",
    OFFLINE_DELIVERY_END: "offline_delivery_end",
  });

  class BackendEventBus extends EventEmitter {
    socketState = "UNLAUNCHED";
    isMainStreamReadyMd = false;
    isOfflineDeliveryEnd = false;

    triggerSetSocketState(state) {
      this.socketState = state;
      this.trigger(BackendEvent.SET_SOCKET_STATE, state);
    }
  }

  // By the names of their functions: the event, and what Cmd tells the frontend of it.
  const events = {
    Logout: [BackendEvent.LOGOUT, "logout_from_bridge"],
    RefreshQR: [BackendEvent.REFRESH_QR],
    StartingLogout: [BackendEvent.STARTING_LOGOUT, "starting_logout_from_bridge"],
    CriticalSyncDone: [BackendEvent.ON_CRITICAL_SYNC_DONE, "on_critical_sync_done_from_bridge"],
    StorageInitializationError: [BackendEvent.STORAGE_INITIALIZATION_ERROR],
    SocketStreamDisconnected: [BackendEvent.SOCKET_STREAM_DISCONNECTED, "socket_stream_disconnected_from_bridge"],
    OpenSocketStream: [BackendEvent.OPEN_SOCKET_STREAM, "open_socket_stream_from_bridge"],
    ReconnectSocket: [BackendEvent.RECONNECT_SOCKET],
    TemporaryBan: [BackendEvent.ACCOUNT_TEMPORARILY_BANNED, "account_temporarily_banned_from_bridge"],
    InitialLoadReady: [BackendEvent.INITIAL_LOAD_READY, "initial_load_ready_from_bridge"],
    MainStreamModeReady: [BackendEvent.MAIN_STREAM_MODE_READY, "main_stream_mode_ready_from_bridge"],
    ServiceUnavailable: [BackendEvent.SERVICE_UNAVAILABLE_503, "service_unavailable_503_from_bridge"],
    OfflineProcessReady: [BackendEvent.OFFLINE_PROCESS_READY, "offline_progress_update_from_bridge"],
    OfflineDeliveryEnd: [BackendEvent.OFFLINE_DELIVERY_END, "offline_delivery_end_from_bridge"],
  };
  for (const [name, [event, told]] of Object.entries(events)) {
    // Through `this.trigger`: wa-js has put its own function there.
    BackendEventBus.prototype[`trigger${name}`] = function (...values) {
      this.trigger(event, ...values);
      if (told !== undefined) require("WAWebCmd").Cmd.trigger(told, ...values);
    };
    BackendEventBus.prototype[`on${name}`] = function (callback) {
      this.on(event, callback);
    };
  }
  BackendEventBus.prototype.onSetSocketState = function (callback) {
    this.on(BackendEvent.SET_SOCKET_STATE, callback);
  };

  exports.BackendEvent = BackendEvent;
  exports.BackendEventBus = new BackendEventBus();
});

__d("WAWebNetworkStatus", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class NetworkStatus extends BaseModel {
    defaults() {
      return { online: navigator.onLine };
    }

    checkOnline() {
      this.online = navigator.onLine;
      return this.online;
    }
  }

  defineModel(NetworkStatus, "network-status", ["online"]);
  exports.default = new NetworkStatus();
  for (const name of ["online", "offline"]) global.addEventListener(name, () => exports.default.checkOnline());
});

__d("WAWebSocketModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { BackendEventBus } = require("WAWebBackendEventBus");
  const { SOCKET_STATE, SOCKET_STREAM } = require("WAWebSocketConstants");

  class SocketImpl extends BaseModel {
    constructor(values) {
      super(values);
      BackendEventBus.onSetSocketState((state) => (this.state = state));
      BackendEventBus.onOpenSocketStream(() => {
        if (this.hasSynced) this.stream = SOCKET_STREAM.CONNECTED;
      });
      BackendEventBus.onSocketStreamDisconnected(() => (this.stream = SOCKET_STREAM.DISCONNECTED));
      const moveToMain = () => this.set({ hasSynced: true, stream: SOCKET_STREAM.CONNECTED });
      BackendEventBus.onCriticalSyncDone(moveToMain);
      BackendEventBus.onMainStreamModeReady(moveToMain);
    }

    defaults() {
      return { state: SOCKET_STATE.UNLAUNCHED, stream: SOCKET_STREAM.DISCONNECTED };
    }

    logout() {
      return require("SandboxSession").logoutByUser();
    }

    /* Drop the connection and open another. */
    reconnect() {
      BackendEventBus.triggerReconnectSocket();
    }

    takeover() {
      throw new Error("Takeover called without conflict!");
    }
  }

  defineModel(SocketImpl, "socket", ["state", "stream", "hasSynced"]);
  exports.Socket = new SocketImpl();
});

/* What the page shows of its connection: derived from the socket and the network, and never set by anybody else. */
__d("WAWebStreamModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { Socket } = require("WAWebSocketModel");
  const { SOCKET_STATE, SOCKET_STREAM } = require("WAWebSocketConstants");
  const NetworkStatus = require("WAWebNetworkStatus");
  const { isRegistered } = require("WAWebUserPrefsMultiDevice");
  const same = (...names) => Object.freeze(Object.fromEntries(names.map((name) => [name, name])));

  const StreamInfo = same("OFFLINE", "OPENING", "PAIRING", "SYNCING", "RESUMING", "CONNECTING", "NORMAL");
  const BLOCKED = ["CONFLICT", "PROXYBLOCK", "TOS_BLOCK", "SMB_TOS_BLOCK", "DEPRECATED_VERSION"];
  const StreamMode = same("QR", "MAIN", "SYNCING", "OFFLINE", ...BLOCKED);

  function info() {
    switch (Socket.state) {
      case SOCKET_STATE.OPENING:
        return NetworkStatus.online ? StreamInfo.OPENING : StreamInfo.OFFLINE;
      case SOCKET_STATE.PAIRING:
        return Socket.hasSynced ? StreamInfo.RESUMING : StreamInfo.PAIRING;
      case SOCKET_STATE.CONNECTED:
        return Socket.stream === SOCKET_STREAM.CONNECTED || Socket.hasSynced ? StreamInfo.NORMAL : StreamInfo.SYNCING;
      default:
        return StreamInfo.NORMAL;
    }
  }

  function mode() {
    const { state, hasSynced, stream } = Socket;
    if (!isRegistered() && state !== SOCKET_STATE.PROXYBLOCK) return StreamMode.QR;
    if (BLOCKED.includes(state)) return StreamMode[state];
    if (state === SOCKET_STATE.UNLAUNCHED) return StreamMode.SYNCING;
    if (state === SOCKET_STATE.UNPAIRED || state === SOCKET_STATE.UNPAIRED_IDLE) return StreamMode.QR;
    if (state === SOCKET_STATE.OPENING && !NetworkStatus.online && !hasSynced) return StreamMode.OFFLINE;
    return hasSynced || stream === SOCKET_STREAM.CONNECTED ? StreamMode.MAIN : StreamMode.SYNCING;
  }

  class StreamImpl extends BaseModel {
    constructor(values) {
      super(values);
      if (!isRegistered()) this.attributes.mode = StreamMode.QR;
      const derive = () => this.set({ info: info(), mode: mode() });
      this.listenTo(Socket, "change:state change:stream change:hasSynced", derive);
      this.listenTo(NetworkStatus, "change:online", derive);
    }

    defaults() {
      return { info: StreamInfo.NORMAL, mode: StreamMode.SYNCING, needsUpdate: false, available: false };
    }

    /* A person sees how the connection is made only after a while; this page shows it never. */
    get displayInfo() {
      return Socket.hasSynced ? StreamInfo.NORMAL : StreamInfo.CONNECTING;
    }

    markAvailable() {
      this.available = true;
      return require("SandboxPresence").showOwn(true);
    }

    markUnavailable() {
      this.available = false;
      return require("SandboxPresence").showOwn(false);
    }
  }

  defineModel(StreamImpl, "stream", ["mode", "info", "needsUpdate", "available"]);
  exports.StreamInfo = StreamInfo;
  exports.StreamMode = StreamMode;
  exports.Stream = new StreamImpl();
});

__d("WAWebCmd", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");

  class CmdImpl extends EventEmitter {
    archiveChat(chat, archive) {
      return require("WAWebSetArchiveChatAction").setArchive(chat, archive);
    }

    pinChat(chat, on) {
      return require("WAWebSetPinChatAction").setPin(chat, on);
    }

    markChatUnread(chat, unread) {
      return require("WAWebUpdateUnreadChatAction").markUnread(chat, unread);
    }

    reachoutTimelockStateChange() {
      this.trigger("reachout_timelock_state_change");
    }

    newChatMessageCappingStateChange() {
      this.trigger("new_chat_message_capping_state_change");
    }

    setActiveFilter(filter, value) {
      this.trigger("set_active_filter", filter, value);
    }
  }

  for (const name of ["sendStarMsgs", "sendUnstarMsgs", "sendRevokeMsgs", "sendDeleteMsgs"]) {
    CmdImpl.prototype[name] = (...values) => require("SandboxMessageCommands")[name](...values);
  }
  exports.CmdImpl = CmdImpl;
  exports.Cmd = new CmdImpl();
});

__d("WAWebLogoutReasonConstants", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.LogoutReason = Object.freeze({
    UserInitiated: "user_initiated",
    UnknownCompanion: "unknown_companion",
    WebFailStorageInitialization: "web_fail_storage_initialization",
  });
  exports.LOGOUT_REASON_CODE = Object.freeze({ CLIENT_FATAL: "0", SYNC_FAIL: "1", ACCOUNT_LOCKED: "3" });
});

__d("WAWebLogoutReason", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { LogoutReason, LOGOUT_REASON_CODE } = require("WAWebLogoutReasonConstants");
  const CODES = { [LogoutReason.WebFailStorageInitialization]: LOGOUT_REASON_CODE.CLIENT_FATAL };
  let code = null;
  let message = null;
  exports.getErrorCodeFromLogoutReason = (reason) => CODES[reason] ?? null;
  exports.setPrevLogoutReasonCode = (value) => void (code = value);
  exports.getPrevLogoutReasonCode = () => code;
  exports.setPrevCustomLogoutMessage = (value) => void (message = value);
  exports.getPrevCustomLogoutMessage = () => message;
});

__d("WAWebIsOfficialClient", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.isOfficialClient = false;
});

__d("WAWebOfflineHandler", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.OfflineMessageHandler = {
    progress: 100,
    getOfflineDeliveryProgress() {
      return this.progress;
    },
  };
});

__d("WAWebCompanionRegClientUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.DEVICE_PLATFORM = "1";
});

__d("WAWebAdvSignatureApi", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { notImitated } = require("SandboxNotImitated");
  exports.getADVSecretKey = async () => require("WAWebUserPrefsMultiDevice").getADVSecretKey();
  exports.setADVSignedIdentity = notImitated("signed device identities");
  exports.generateDeviceSignature = notImitated("device signatures");
});

__d("WAWebLinkDeviceAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");

  /* A code of eight letters, for the owner of the phone to type in. QRs go on being shown beside it. */
  async function genLinkDeviceCodeForPhoneNumber(number) {
    const answer = await transport.request({ kind: "link_code", number: String(number) });
    if (!answer.ok) throw new Error(`the server gave no code: ${answer.error}`);
    return answer.code;
  }

  exports.genLinkDeviceCodeForPhoneNumber = genLinkDeviceCodeForPhoneNumber;
});

__d("WAWebAltDeviceLinkingApi", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { genLinkDeviceCodeForPhoneNumber } = require("WAWebLinkDeviceAction");

  let pairingType = null;

  exports.setPairingType = (type) => void (pairingType = type);
  exports.getPairingType = () => pairingType;
  exports.initializeAltDeviceLinking = async () => {};
  exports.initializeQRLinking = async () => {};
  exports.startAltLinkingFlow = genLinkDeviceCodeForPhoneNumber;
});

__d("WAWebLinkDeviceEvents", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");

  class LinkDeviceEvents extends EventEmitter {}
  const events = {
    triggerRefreshAltLinkingCode: "refresh_alt_linking_code",
    triggerErrorAltLinking: "error_alt_linking",
    triggerPrimaryHelloReceived: "primary_hello_received",
    triggerPasskeyPrologueRequest: "passkey_prologue_request",
    triggerShortcakePrologueSent: "shortcake_prologue_sent",
    triggerShortcakeVerificationCodeReady: "shortcake_verification_code_ready",
    triggerShortcakeError: "shortcake_error",
  };
  for (const [name, event] of Object.entries(events)) {
    LinkDeviceEvents.prototype[name] = function (...values) {
      this.trigger(`link_device_events:${event}`, ...values);
    };
  }
  exports.WAWebLinkDeviceEvents = new LinkDeviceEvents();
});
