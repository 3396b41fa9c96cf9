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
    WAWebEncryptAndSendMsg: ["encryptAndSendMsg"],
    WAWebEncryptAndSendStatusMsg: ["encryptAndSendStatusMsg"],
    WAWebBackendJobsCommon: ["mediaTypeFromProtobuf", "encodeMaybeMediaType"],
    WAWebE2EProtoUtils: ["typeAttributeFromProtobuf"],
    WAWebSendMsgCreateFanoutStanza: ["createFanoutMsgStanza"],
    WAWebHandleMsg: ["handleSingleMsg"],
    WAWebLabelCollectionActions: ["addToLabelCollection", "removeLabelFromCollection"],
    WAWebMediaVideoThumbs: ["generateVideoThumbsAndDuration"],
    WAWebProcessRawSticker: ["processRawSticker"],
  };

  for (const [id, names] of Object.entries(absent)) {
    __d(id, [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
      const { notImitated } = require("SandboxNotImitated");
      for (const name of names) exports[name] = notImitated(`${id}.${name}`);
    });
  }
})();

__d("WAWebMsgGetters", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getIsUnreadType = (message) => message.type !== "revoked";
});

__d("WAWebABProps", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getABPropConfigValue = () => undefined; // no experiment is running
});

__d("WAWebStatusSendGatingUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.primaryFeatureEnabled = () => false;
});

__d("WAWebSetPinChatAction", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getNumConversationsPinned = () => 0;
});

__d("WAWebLidMigrationUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { getCurrentLid, getPhoneNumber } = require("WAWebApiContact");
  // Chats are filed under phone numbers here.
  exports.Lid1X1MigrationUtils = { isLidMigrated: () => false };
  exports.shouldHaveAccountLid = () => false;
  exports.toPn = (wid) => (wid.isLid() ? getPhoneNumber(wid) : wid);
  exports.toUserLid = (wid) => (wid.isLid() ? wid : getCurrentLid(wid));
});

__d("WAWebSyncGatingUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.isSyncdEnabled = () => false;
});
