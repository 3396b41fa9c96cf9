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
  exports.ConnImpl = ConnImpl;
  exports.Conn = new ConnImpl();
});

__d("WAWebSocketModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class SocketImpl extends BaseModel {
    defaults() {
      return { state: "UNLAUNCHED", stream: "DISCONNECTED", hasSynced: false };
    }

    logout() {
      return require("SandboxSession").logoutByUser();
    }

    /* Ask for a new QR ref. */
    poke() {
      require("SandboxSession").refreshRef();
    }

    /* Drop the connection and open another. */
    reconnect() {
      require("SandboxTransport").transport.reconnect();
    }

    /* Win the session back from another connection of the same device. */
    takeover() {
      location.reload();
    }
  }

  defineModel(SocketImpl, "socket", ["state", "stream", "hasSynced"]);
  exports.Socket = new SocketImpl();
});

__d("WAWebStreamModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class StreamImpl extends BaseModel {
    defaults() {
      return { needsUpdate: false, available: false };
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
  exports.Stream = new StreamImpl();
});

__d("WAWebCmd", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");

  class CmdImpl extends EventEmitter {
    isMainLoaded = false;

    refreshQR() {
      require("SandboxSession").refreshRef();
    }

    archiveChat(chat, archive) {
      return require("WAWebSetArchiveChatAction").setArchive(chat, archive);
    }

    pinChat(chat, on) {
      return require("SandboxChatPin").setPin(chat, on);
    }

    markChatUnread(chat, unread) {
      return require("WAWebUpdateUnreadChatAction").markUnread(chat, unread);
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

__d("WAWebBackendEventBus", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");
  exports.BackendEvent = Object.freeze({
    SET_SOCKET_STATE: "set_socket_state",
    STORAGE_INITIALIZATION_ERROR: "storage_initialization_error",
  });
  exports.BackendEventBus = new EventEmitter();
});

__d("WAWebLogoutReason", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.LogoutReason = Object.freeze({ UserInitiated: "user_initiated", UnknownCompanion: "unknown_companion" });
  exports.LOGOUT_REASON_CODE = Object.freeze({ CLIENT_FATAL: "0", SYNC_FAIL: "1", ACCOUNT_LOCKED: "3" });
  let code = null;
  let message = null;
  exports.getErrorCodeFromLogoutReason = () => exports.LOGOUT_REASON_CODE.CLIENT_FATAL;
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
  exports.generateDeviceSignature = notImitated("device signatures");
});

__d("WAWebAltDeviceLinkingApi", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");

  /* A code of eight letters, for the owner of the phone to type in. QRs go on being shown beside it. */
  async function genLinkDeviceCodeForPhoneNumber(number) {
    const answer = await transport.request({ kind: "link_code", number: String(number) });
    if (!answer.ok) throw new Error(`the server gave no code: ${answer.error}`);
    return answer.code;
  }

  exports.setPairingType = () => {};
  exports.initializeAltDeviceLinking = async () => {};
  exports.initializeQRLinking = async () => {};
  exports.startAltLinkingFlow = genLinkDeviceCodeForPhoneNumber;
  exports.genLinkDeviceCodeForPhoneNumber = genLinkDeviceCodeForPhoneNumber;
});

__d("WAWebLinkDeviceEvents", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");
  exports.WAWebLinkDeviceEvents = new EventEmitter();
});
