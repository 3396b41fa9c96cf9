// Groups: looking at them, changing them, and what is told of them.

// WA-JS names its errors; these are what the caller can act on.
const REFUSALS = {
  chat_not_found: "not_found",
  not_a_group: "not_found",
  invalid_invite_code: "not_found",
  participant_not_exists: "not_found",
  group_participant_not_found: "not_found",
  not_valid_group_participants: "not_found",
  group_you_are_not_admin: "not_allowed",
  group_participant_is_not_a_group_member: "not_allowed",
  you_are_not_allowed_set_group_subject: "not_allowed",
  you_are_not_allowed_set_group_description: "not_allowed",
  you_are_not_allowed_set_group_property: "not_allowed",
  you_are_not_allowed_set_ephemeral_setting: "not_allowed",
};

const groupCalls = {};

const roleOf = ({ isAdmin, isSuperAdmin }) => (isSuperAdmin ? "superadmin" : isAdmin ? "admin" : "participant");
const plainParticipant = (participant) => ({
  id: text(participant.id),
  pn: pnOf(participant.id),
  role: roleOf(participant),
});

const plainGroup = (metadata, participants) => ({
  id: text(metadata.id),
  subject: metadata.subject ?? null,
  description: metadata.desc ?? null,
  owner: text(metadata.owner),
  ownerPn: pnOf(metadata.owner),
  createdAt: metadata.creation ?? null,
  membersCanAddNewMember: metadata.memberAddMode === "all_member_add",
  membersCanSendMessages: !metadata.announce,
  membersCanChangeInfo: !metadata.restrict,
  newMembersApprovalRequired: Boolean(metadata.membershipApprovalMode),
  participants: participants.map(plainParticipant),
});

// Asked of WhatsApp only where the page does not keep it up to date already.
const freshMetadata = async (wid) => {
  const known = WPP.whatsapp.GroupMetadataStore.get(wid);
  return known?.stale === false ? known : WPP.whatsapp.GroupMetadataStore.find(wid);
};

const metadataOf = async (groupId) => {
  if (!WPP.chat.get(groupId)?.id.isGroup()) refuse("not_found", `There is no group ${groupId}.`);
  return freshMetadata(WPP.chat.get(groupId).id);
};

// The chat of a group that we have left stays; it is a group of ours no more.
const ownGroup = async (groupId) => {
  const metadata = await metadataOf(groupId);
  return metadata.participants.iAmMember() ? metadata : refuse("not_found", `This account is in no group ${groupId}.`);
};

const administered = async (groupId) => {
  const metadata = await ownGroup(groupId);
  if (metadata.participants.iAmAdmin()) return metadata;
  return refuse("not_allowed", `This account does not administer the group ${groupId}.`);
};

const ownGroups = async () => {
  const chats = WPP.whatsapp.ChatStore.getModelsArray().filter((chat) => chat.id.isGroup());
  const found = await Promise.all(chats.map((chat) => freshMetadata(chat.id).catch(() => null)));
  return found.filter((metadata) => metadata?.participants?.iAmMember());
};

const shownGroup = (metadata) => plainGroup(metadata, metadata.participants.getModelsArray());

groupCalls.groups = async ({ limit, offset, sortBy, descending }) => {
  const order = descending ? -1 : 1;
  return (await ownGroups())
    .map((metadata) => [sortBy === "id" ? text(metadata.id) : String(metadata.subject).toLowerCase(), metadata])
    .sort(([one], [other]) => (one < other ? -order : one > other ? order : 0))
    .slice(offset, offset + limit)
    .map(([, metadata]) => shownGroup(metadata));
};

groupCalls.groupCount = async () => (await ownGroups()).length;

groupCalls.group = async ({ groupId }) => shownGroup(await ownGroup(groupId));

// The ids that WhatsApp answers to the asked ones, each once.
const asWhatsAppKnows = async (ids) => {
  const found = [];
  for (const id of ids) found.push(text((await onWhatsApp(id)).wid));
  return [...new Set(found)];
};

// Who was not added, and why: somebody may be in groups by invitation only.
const notAdded = (answers) =>
  Object.entries(answers ?? {})
    .filter(([, one]) => Number(one.code ?? 200) !== 200)
    .map(([id, one]) => ({
      id: text(one.wid ?? id),
      pn: pnOf(one.wid ?? id),
      code: Number(one.code),
      message: String(one.message ?? ""),
    }));

groupCalls.createGroup = ({ name, participants }) =>
  reachingOut(async () => {
    const ids = await asWhatsAppKnows(participants);
    const { gid, participants: answers } = await WPP.group.create(name, ids);
    return { ...shownGroup(await metadataOf(text(gid))), failed: notAdded(answers) };
  });

const memberAt = (metadata, id) => {
  const ids = bothIdsOf(widAt(id)).map(text);
  return metadata.participants.getModelsArray().find((one) => ids.includes(text(one.id)));
};

// Those who have the wished role already are passed over: asking twice is fine. Each is named as the group does.
const toChange = (metadata, ids, wanted) =>
  ids.map((id) => [id, memberAt(metadata, id)])
    .filter(([, present]) => wanted(present))
    .map(([id, present]) => text(present?.id ?? id));

const CHANGES = {
  add: [(present) => !present, (groupId, ids) => reachingOut(() => WPP.group.addParticipants(groupId, ids))],
  remove: [(present) => present, (groupId, ids) => WPP.group.removeParticipants(groupId, ids)],
  promote: [(present) => !present?.isAdmin, (groupId, ids) => WPP.group.promoteParticipants(groupId, ids)],
  demote: [(present) => present?.isAdmin ?? true, (groupId, ids) => WPP.group.demoteParticipants(groupId, ids)],
};

groupCalls.changeParticipants = async ({ groupId, action, participants }) => {
  const metadata = await ownGroup(groupId);
  if (!metadata.participants.iAmAdmin() && !(action === "add" && metadata.memberAddMode === "all_member_add")) {
    refuse("not_allowed", `This account does not administer the group ${groupId}.`);
  }
  const [wanted, change] = CHANGES[action];
  const strangers = participants.filter((id) => !memberAt(metadata, id));
  const members = participants.filter((id) => memberAt(metadata, id));
  const ids = toChange(metadata, [...members, ...(await asWhatsAppKnows(strangers))], wanted);
  if (ids.length === 0) return [];
  const result = await change(groupId, ids);
  // Only adding is answered for each person: somebody may not want to be added.
  return action === "add" ? notAdded(result) : [];
};

groupCalls.leaveGroup = async ({ groupId }) => {
  await ownGroup(groupId);
  await WPP.group.leave(groupId);
};

// To delete a group is to leave it and to delete its chat; nobody can delete it for the others.
groupCalls.deleteGroup = async ({ groupId }) => {
  if ((await metadataOf(groupId)).participants.iAmMember()) await WPP.group.leave(groupId);
  await calls.deleteChat({ chatId: groupId });
};

groupCalls.setGroupText = async ({ groupId, subject, description }) => {
  await ownGroup(groupId);
  if (subject != null) await WPP.group.setSubject(groupId, subject);
  if (description != null) await WPP.group.setDescription(groupId, description);
};

groupCalls.groupSetting = async ({ groupId, setting }) => Boolean((await ownGroup(groupId))[setting]);
groupCalls.setGroupSetting = async ({ groupId, setting, adminsOnly }) => {
  await ownGroup(groupId);
  const property = setting === "announce" ? "announcement" : "restrict";
  await WPP.group.setProperty(groupId, property, adminsOnly);
};

const PROPERTIES = { memberAddMode: "member_add_mode", membershipApproval: "membership_approval_mode" };
groupCalls.setGroupMode = async ({ groupId, mode, on }) => {
  await administered(groupId);
  await WPP.group.setProperty(groupId, PROPERTIES[mode], on);
};

// As WhatsApp Web names them, in WAHA's words.
const METHODS = { InviteLink: "invite_link", LinkedGroupJoin: "linked_group_join", NonAdminAdd: "non_admin_add" };
groupCalls.joinRequests = async ({ groupId }) => {
  const { id } = await administered(groupId);
  return (await WPP.group.getMembershipRequests(id)).map((request) => ({
    requesterId: text(request.id),
    requesterPn: pnOf(request.id),
    addedById: text(request.addedBy ?? request.id),
    parentGroupId: text(request.parentGroupId ?? null) ?? "",
    requestMethod: METHODS[request.requestMethod] ?? String(request.requestMethod ?? ""),
    timestamp: request.t ?? 0,
  }));
};

// Pages from 2026-08 on want to be told both ids of each, older ones take the id alone: this is both. Each is named as
// in the list of those who ask.
const asAsking = (wid) => {
  const number = numberOf(wid);
  return Object.create(wid, { lid: { value: wid.isLid() ? wid : null }, phoneNumber: { value: number } });
};

groupCalls.decideJoinRequests = async ({ groupId, participants, approve }) => {
  const { id } = await administered(groupId);
  const asking = (await WPP.group.getMembershipRequests(id)).map((request) => request.id);
  const found = participants.map((asked) => [asked, asking.find((wid) => bothIdsOf(wid).some((one) => isSame(one, asked)))]);
  const wids = [...new Set(found.map(([, wid]) => wid).filter(Boolean))];
  const action = approve ? "Approve" : "Reject";
  const decide = WPP.whatsapp.functions.membershipApprovalRequestAction;
  const answers = wids.length > 0 ? await decide(id, wids.map(asAsking), action) : [];
  return found.map(([asked, wid]) => {
    if (!wid) return { requesterId: asked, success: false, error: 404 };
    const answer = answers.find((one) => bothIdsOf(one.wid).some((id) => isSame(id, wid)));
    if (answer?.error == null) return { requesterId: asked, success: answer !== undefined, error: null };
    return { requesterId: asked, success: false, error: Number(answer.error.value?.error) || null };
  });
};

groupCalls.inviteCode = async ({ groupId }) => {
  await ownGroup(groupId);
  const code = await WPP.group.getInviteCode(groupId);
  return code?.inviteCode ?? code;
};
groupCalls.revokeInviteCode = async ({ groupId }) => {
  await ownGroup(groupId);
  return WPP.group.revokeInviteCode(groupId);
};

groupCalls.joinInfo = async ({ code }) => {
  const info = await WPP.group.getGroupInfoFromInviteCode(code);
  return { ...plainGroup(info, []), size: info.size ?? null };
};
groupCalls.joinGroup = ({ code }) =>
  reachingOut(async () => {
    await WPP.group.getGroupInfoFromInviteCode(code);
    return (await WPP.group.join(code)).id;
  });

groupCalls.setGroupPicture = async ({ groupId, dataUrl }) => {
  await ownGroup(groupId);
  const { status } = await WPP.group.setIcon(groupId, dataUrl);
  if (status !== 200) throw new Error(`WhatsApp did not take the picture (${status})`);
};
groupCalls.deleteGroupPicture = async ({ groupId }) => {
  await ownGroup(groupId);
  if (!(await WPP.group.removeIcon(groupId))) throw new Error("WhatsApp did not take the picture away");
};

for (const [name, call] of Object.entries(groupCalls)) {
  calls[name] = async (asked) => {
    try {
      return await call(asked);
    } catch (error) {
      return REFUSALS[error?.code] ? refuse(REFUSALS[error.code], error.message) : Promise.reject(error);
    }
  };
}

// --- what is told -----------------------------------------------------------------------------------------------

// WhatsApp writes what happens to a group into its chat; the kinds are those of its own notifications.
const COMES = new Set(["add", "invite", "linked_group_join", "create"]);
const GOES = new Set(["remove", "leave"]);
const RANKS = { promote: "admin", demote: "participant" };
const UPDATES = {
  subject: (metadata) => ({ subject: metadata.subject }),
  description: (metadata) => ({ description: metadata.desc }),
  announce: (metadata) => ({ membersCanSendMessages: !metadata.announce }),
  restrict: (metadata) => ({ membersCanChangeInfo: !metadata.restrict }),
  member_add_mode: (metadata) => ({ membersCanAddNewMember: metadata.memberAddMode === "all_member_add" }),
  membership_approval_mode: (metadata) => ({ newMembersApprovalRequired: Boolean(metadata.membershipApprovalMode) }),
};

// Who asked to be let in, and what became of it: what they withdrew they did themselves.
const joinRequestTold = (message, timestamp) => {
  const people = message.recipients?.length ? message.recipients : [message.author];
  const isWithdrawn = people.some((wid) => isSame(wid, message.author));
  const action = message.subtype === "revoked_membership_requests" ? (isWithdrawn ? "revoked" : "rejected") : "created";
  for (const wid of people) {
    tellEvent("group.v2.participants.join-request", {
      action,
      requesterId: text(wid),
      requesterPn: pnOf(wid),
      requestMethod: null,
      timestamp,
      group: { id: text(message.id.remote) },
      _data: { id: text(message.id), subtype: message.subtype },
    });
  }
};
const JOIN_REQUESTS = new Set([
  "created_membership_requests", "membership_approval_request", "revoked_membership_requests",
]);

// The older events, one for a coming or going of anybody, in the words of WhatsApp's own notifications.
const OLDER_EVENTS = { add: "group.join", invite: "group.join", linked_group_join: "group.join" };
const olderEventOf = (kind) => OLDER_EVENTS[kind] ?? (GOES.has(kind) ? "group.leave" : null);
const olderTold = ({ id, subtype, author, recipients, body }, timestamp) => {
  const name = olderEventOf(subtype);
  if (name === null) return;
  const people = { author: text(author), recipientIds: (recipients ?? []).map(text) };
  tellEvent(name, { id: text(id), type: subtype, timestamp, chatId: text(id.remote), ...people, body: body ?? "" });
};

const groupTold = async (message) => {
  const kind = message.subtype;
  const groupId = text(message.id.remote);
  const timestamp = message.t ?? seconds();
  const people = message.recipients ?? [];
  const changed = (type, role) =>
    tellEvent("group.v2.participants", {
      type,
      timestamp,
      group: { id: groupId },
      participants: people.map((wid) => ({ id: text(wid), pn: pnOf(wid), role })),
    });
  olderTold(message, timestamp);
  if (JOIN_REQUESTS.has(kind)) return joinRequestTold(message, timestamp);
  if (COMES.has(kind)) {
    if (kind !== "create" && !people.some(isMe)) return changed("join", "participant");
    return tellEvent("group.v2.join", { timestamp, group: shownGroup(await metadataOf(groupId)) });
  }
  if (GOES.has(kind)) {
    if (people.some(isMe)) return tellEvent("group.v2.leave", { timestamp, group: { id: groupId } });
    return changed("leave", "left");
  }
  if (RANKS[kind]) return changed(kind, RANKS[kind]);
  if (UPDATES[kind]) {
    const metadata = await metadataOf(groupId);
    return tellEvent("group.v2.update", { timestamp, group: { id: groupId, ...UPDATES[kind](metadata) } });
  }
};

WPP.on("chat.new_message", (message) => {
  if (message.type === "gp2") groupTold(message).catch(() => {}); // the group is gone already: nothing to tell of it
});
