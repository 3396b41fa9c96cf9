/*
 * What an account may not do for a while: write to strangers (the reach-out timelock), begin more chats (the capping).
 *
 * The server says so by itself when it changes, and whenever it is asked.
 */
"use strict";

__d("SandboxRestrictions", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { getIsMe: isMe } = require("WAWebContactGetters");
  const state = { timelock: null, capping: null };

  /* As the page keeps it: none is null, and the end is in milliseconds. */
  function takeTimelock({ is_active: isActive, time_enforcement_ends: ends, enforcement_type: type }) {
    const known = { state: "HIDDEN", time_enforcement_ends: Number(ends) * 1000, enforcement_type: type };
    const before = JSON.stringify(state.timelock);
    state.timelock = isActive ? known : null;
    if (JSON.stringify(state.timelock) !== before) require("WAWebCmd").Cmd.reachoutTimelockStateChange();
  }

  function takeCapping(info) {
    // Whose new chats were never counted has no data of it.
    if (state.capping === null && info.capping_status === "NONE" && info.total_quota === 0) return;
    const counted = ({ total_quota: total, used_quota: used, capping_status: status }) => [total, used, status].join();
    const before = state.capping && counted(state.capping);
    state.capping = info;
    if (before !== counted(info)) require("WAWebCmd").Cmd.newChatMessageCappingStateChange();
  }

  exports.state = state;
  exports.takeTimelock = takeTimelock;
  exports.takeCapping = takeCapping;
  exports.take = ({ timelock, capping }) => {
    takeTimelock(timelock);
    takeCapping(capping);
  };
  /* To a person, one needs the token that comes with their first message. */
  exports.isKnown = ({ chat, contact }) => !contact.id.isUser() || isMe(contact) || chat?.getTcToken() != null;
  exports.ask = async (kind) => (await transport.request({ kind }))[kind];
});

__d("WAWebMexFetchReachoutTimelockJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.mexFetchReachoutTimelock = () => require("SandboxRestrictions").ask("timelock");
});

__d("WAWebGetReachoutTimelockJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.fetchReachoutTimelock = async () => {
    const { takeTimelock } = require("SandboxRestrictions");
    takeTimelock(await require("WAWebMexFetchReachoutTimelockJob").mexFetchReachoutTimelock());
  };
});

__d("WAWebReachoutTimelockUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { isKnown, state } = require("SandboxRestrictions");
  exports.REACHOUT_TIMELOCK_IDB_KEY = "WAReachoutTimelockState";
  exports.isUserReachoutTimelocked = () => state.timelock !== null;
  exports.canSendMsgWhileTimelocked = (asked) => state.timelock === null || isKnown(asked);
});

__d("WAWebMexFetchNewChatMessageCappingInfoJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.mexFetchNewChatMessageCapping = () => require("SandboxRestrictions").ask("capping");
});

__d("WAWebIndividualNewChatMessageCappingLimitUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { isKnown, state } = require("SandboxRestrictions");
  exports.canSendMsgWhileCapped = isKnown;
  exports.isUserCapped = () => {
    const { capping_status: status, cycle_end_timestamp: end } = state.capping ?? {};
    return status === "CAPPED" && Date.now() / 1000 <= Number(end);
  };
  exports.getCappingData = () => state.capping;
  exports.getCappingStatus = () => state.capping?.capping_status ?? "NONE";
});
