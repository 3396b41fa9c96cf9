/*
 * Functions that libraries look for, wrap or offer, and that this page does not imitate: each refuses by name when it
 * is called. They exist so that a library starts in silence; pretending to do what they say would be a lie.
 *
 * Some are wrapped by wa-js and called by WhatsApp's own inner works, which are not here: those only need to exist.
 */
"use strict";

(() => {
  const absent = {
    WAWebE2EProtoGenerator: ["createMsgProtobuf"],
    WAWebSendMsgJob: ["encryptAndSendMsg"],
    WAWebEncryptAndSendStatusMsg: ["encryptAndSendStatusMsg"],
    WAWebBackendJobsCommon: ["mediaTypeFromProtobuf", "encodeMaybeMediaType"],
    WAWebE2EProtoUtils: ["typeAttributeFromProtobuf"],
    WAWebSendMsgCreateFanoutStanza: ["createFanoutMsgStanza"],
    WAWebHandleSingleMsgFactory: ["handleSingleMsg"],
    WAWebImageUtils: ["generateVideoThumbsAndDuration"],
  };

  for (const [id, names] of Object.entries(absent)) {
    __d(id, [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
      const { notImitated } = require("SandboxNotImitated");
      for (const name of names) exports[name] = notImitated(`${id}.${name}`);
    });
  }
})();

__d("WAWebMsgGetters", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { SYSTEM_MESSAGE_TYPES } = require("WAWebMsgType");
  exports.getIsUnreadType = ({ type }) => type !== "revoked" && !SYSTEM_MESSAGE_TYPES.includes(type);
});

__d("WAWebABProps", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getABPropConfigValue = () => undefined; // no experiment is running
});

__d("WAWebPrimaryFeatures", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.primaryFeatureEnabled = () => false;
});

__d("WAWebChatPinBridge", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getNumConversationsPinned = () => 0;
});

__d("WAWebLidMigrationUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { getCurrentLid, getPhoneNumber } = require("WAWebApiContact");
  exports.shouldHaveAccountLid = () => require("WAWebLid1X1MigrationGating").Lid1X1MigrationUtils.isLidMigrated();
  exports.toPn = (wid) => (wid.isLid() ? getPhoneNumber(wid) : wid);
  exports.toUserLid = (wid) => (wid.isLid() ? wid : getCurrentLid(wid));
});

__d("WAWebLid1X1MigrationGating", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  exports.Lid1X1MigrationUtils = { isLidMigrated: () => Boolean(identity.me?.isMigrated) };
});

__d("WAWebSyncGatingUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.isHistorySyncOnDemandEnabled = () => false; // whatsapp-web.js puts a function of its own beside it
});
