/*
 * Groups: what they are called and allow, the invitations to them, and asking the server about them.
 */
"use strict";

__d("WAWebGroupModifyInfoJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask, show } = require("SandboxGroups");

  async function write(groupId, text, value) {
    await show((await ask({ kind: "group_text", group: String(groupId), text, value })).group);
  }

  const SETTINGS = {
    announcement: "announce",
    restrict: "restrict",
    member_add_mode: "member_add_mode",
    membership_approval_mode: "membership_approval_mode",
  };

  exports.setGroupSubject = (groupId, subject) => write(groupId, "subject", subject);
  exports.setGroupDescription = (groupId, description) => write(groupId, "description", description);
  exports.setGroupProperty = async (groupId, setting, value) => {
    const name = SETTINGS[setting];
    if (name === undefined) require("SandboxNotImitated").notImitated(`the group setting ${setting}`)();
    await show((await ask({ kind: "group_setting", group: String(groupId), setting: name, on: Boolean(value) })).group);
  };
});

__d("SandboxGroupInvitations", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask, show } = require("SandboxGroups");
  const { createWid } = require("WAWebWidFactory");
  const { personWid } = require("SandboxAddresses");

  async function invitation(groupId, isNew) {
    const { code } = await ask({ kind: "group_invitation", group: String(groupId), new: isNew });
    return { code };
  }

  exports.invitation = invitation;
  exports.invited = async (code) => {
    const { group } = await ask({ kind: "group_invited", code });
    const groupInfo = {
      id: createWid(group.id),
      subject: group.subject,
      desc: group.description,
      owner: personWid(group.owner),
      creation: group.created,
      announce: group.announce,
      restrict: group.restrict,
      membershipApprovalMode: group.membership_approval_mode,
      size: group.members.length,
      participants: group.members.map(({ number, role }) => ({
        id: personWid(number),
        isAdmin: role !== "member",
        isSuperAdmin: role === "superadmin",
      })),
    };
    return { groupInfo, status: 200 };
  };
  exports.join = async (code) => {
    const { group, pending } = await ask({ kind: "group_join", code });
    if (!pending) await show(group);
    return { gid: createWid(group.id), membershipApprovalMode: pending };
  };
});

__d("WAWebApiMembershipApprovalRequestStore", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask } = require("SandboxGroups");
  const { personWid } = require("SandboxAddresses");

  /* Who asks to be let in; here all come by the invitation. */
  exports.getMembershipApprovalRequests = async (groupId) => {
    const { requests } = await ask({ kind: "group_requests", group: String(groupId) });
    for (const person of requests) await require("SandboxContacts").learn(person);
    return requests.map(({ number, at }) => ({
      id: personWid(number),
      t: at,
      addedBy: personWid(number),
      requestMethod: "InviteLink",
      parentGroupId: undefined,
    }));
  };
});

__d("WAWebGroupMembershipRequestsActionJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask, show } = require("SandboxGroups");
  const { personNumber } = require("SandboxAddresses");

  /* Each is {lid} or {phoneNumber}, as in pages from 2026-08 on. */
  exports.membershipApprovalRequestAction = async (groupId, members, action) => {
    const wids = members.map(({ lid, phoneNumber }) => lid ?? phoneNumber);
    const numbers = wids.map(personNumber);
    const request = { kind: "group_decide", group: String(groupId), numbers, approve: action === "Approve" };
    const { group, missing } = await ask(request);
    await show(group);
    const error = { name: "ParticipantNotFound", value: { error: "404" } };
    return wids.map((wid) => ({ wid, error: missing.includes(personNumber(wid)) ? error : undefined }));
  };
});

__d("WAWebGroupInviteJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { invitation, join } = require("SandboxGroupInvitations");
  exports.resetGroupInviteCode = (groupId) => invitation(groupId, true);
  exports.joinGroupViaInvite = join;
});

__d("WAWebGroupInviteAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { invitation } = require("SandboxGroupInvitations");
  exports.queryGroupInviteCode = (groupId) => invitation(groupId, false);
});

__d("WAWebGroupQueryBridge", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.sendQueryGroupInvite = require("SandboxGroupInvitations").invited;
});

__d("WAWebGroupQueryJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { createWid } = require("WAWebWidFactory");

  exports.queryAllGroups = async () => {
    const groups = await require("SandboxGroups").refresh();
    return groups.map((group) => ({ id: createWid(group.id), subject: group.subject, size: group.members.length }));
  };
  exports.queryAndUpdateGroupMetadataById = async () => void (await require("SandboxGroups").refresh());
  exports.queryGroupInvite = async (code) => (await require("SandboxGroupInvitations").invited(code)).groupInfo;
});
