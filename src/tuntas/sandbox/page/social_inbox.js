/*
 * What the server tells this device about people and groups, apart from messages. Used by inbox.js.
 */
"use strict";

__d("SandboxSocialInbox", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.takers = {
    async blocklist({ numbers }) {
      require("SandboxBlocklist").show(numbers);
    },
    contact: (event) => require("SandboxAddressBook").take(event),
    channel: (event) => require("SandboxChannels").take(event),
    label: (event) => require("SandboxLabels").take(event),
    group: (event) => require("SandboxGroups").take(event),
  };
});
