/*
 * Collections that stay empty here but must exist, because libraries listen to them from the start.
 */
"use strict";

__d("WAWebNewsletterCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const ChatModel = require("WAWebChatModel");

  class NewsletterCollection extends BaseCollection {}

  exports.default = new NewsletterCollection(ChatModel);
});

// Only instances from here on: where wa-js finds a name with `Impl`, it takes the class for the store.
__d("WAWebStatusCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel } = require("WAWebBaseModel");
  exports.StatusCollection = new BaseCollection(BaseModel);
});

__d("WAWebLabelCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel } = require("WAWebBaseModel");
  exports.LabelCollection = new BaseCollection(BaseModel);
});

// Without this module wa-js looks for it again and again for a minute after every start.
__d("WAWebCallCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel } = require("WAWebBaseModel");
  const { notImitated } = require("SandboxNotImitated");

  class CallCollection extends BaseCollection {
    pendingOffers = new Map();
    activeCall = null;

    setActiveCall(call) {
      this.activeCall = call;
    }
  }

  CallCollection.prototype.processIncomingCall = notImitated("calls");
  exports.default = new CallCollection(BaseModel);
});

__d("WAWebCollections", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.Msg = require("WAWebMsgCollection").MsgCollection;
  exports.Chat = require("WAWebChatCollection").ChatCollection;
  exports.Contact = require("WAWebContactCollection").ContactCollection;
  exports.GroupMetadata = require("WAWebGroupMetadataCollection");
  exports.Blocklist = require("WAWebBlocklistCollection").BlocklistCollection;
  exports.Label = require("WAWebLabelCollection").LabelCollection;
  exports.ProfilePicThumb = require("WAWebProfilePicThumbCollection").ProfilePicThumbCollection;
  exports.WAWebNewsletterCollection = require("WAWebNewsletterCollection");
});
