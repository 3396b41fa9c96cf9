/*
 * What the server says to a page instead of letting it in, and what the page makes of it.
 */
"use strict";

__d("SandboxRefusals", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { BackendEventBus } = require("WAWebBackendEventBus");
  const { Stream } = require("WAWebStreamModel");
  const { SOCKET_STATE } = require("WAWebSocketConstants");
  const TEMP_BANNED = 402;
  const CLIENT_TOO_OLD = 405;
  const SERVICE_UNAVAILABLE = 503;

  /* The page's own update is not imitated: it stands still until it is loaded anew. */
  function tooOld() {
    transport.stop();
    BackendEventBus.triggerSetSocketState(SOCKET_STATE.DEPRECATED_VERSION);
    Stream.needsUpdate = true;
  }

  exports.failed = ({ reason, code, expire, message, url }) => {
    switch (reason) {
      case TEMP_BANNED:
        return BackendEventBus.triggerTemporaryBan({ banned: true, code, expire, message, url });
      case CLIENT_TOO_OLD:
        return tooOld();
      case SERVICE_UNAVAILABLE:
        return BackendEventBus.triggerServiceUnavailable();
      default:
        throw new Error(`the server refused with ${reason}, which this page does not know`);
    }
  };

  /* Terms of service have to be accepted, on the phone. */
  exports.blocked = ({ state }) => {
    transport.stop();
    BackendEventBus.triggerSetSocketState(state);
  };
});
