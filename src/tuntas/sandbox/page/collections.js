/*
 * All collections at one place, where libraries look for them.
 */
"use strict";

__d("WAWebCollections", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.default = {
    Msg: require("WAWebMsgCollection").MsgCollection,
    Chat: require("WAWebChatCollection").ChatCollection,
    Contact: require("WAWebContactCollection").ContactCollection,
    GroupMetadata: require("WAWebGroupMetadataCollection"),
    Blocklist: require("WAWebBlocklistCollection").BlocklistCollection,
    Label: require("WAWebLabelCollection").LabelCollection,
    ProfilePicThumb: require("WAWebProfilePicThumbCollection").ProfilePicThumbCollection,
    WAWebNewsletterCollection: require("WAWebNewsletterCollection"),
  };
});
