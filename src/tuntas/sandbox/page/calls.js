/*
 * Calls, as far as libraries hear of them: the way of pages since 2.3000, where the call that rings is the collection's
 * active one and is in it nowhere else. Nothing is spoken here.
 */
"use strict";

__d("WAWebVoipWaCallEnums", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.CallState = Object.freeze({
    None: 0,
    Calling: 1,
    PreacceptReceived: 2,
    ReceivedCall: 3,
    AcceptSent: 4,
    AcceptReceived: 5,
    CallActive: 6,
    CallActiveElseWhere: 7,
    ReceivedCallWithoutOffer: 8,
    Rejoining: 9,
    Link: 10,
    ConnectedLonely: 11,
    PreCalling: 12,
    CallStateEnding: 13,
    CallBCallStarting: 14,
  });
  exports.CallLogResult = Object.freeze({
    Invalid: 0,
    Canceled: 1,
    Missed: 2,
    Unavailable: 3,
    Rejected: 4,
    Connected: 5,
    AcceptedElsewhere: 6,
    Failed: 7,
    ConnectedLonely: 8,
  });
});

__d("WAWebCallModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");

  exports.default = class Call extends EventEmitter {
    #state = null;
    peerJid = null;
    offerTime = 0;
    isVideo = false;
    isGroup = false;
    outgoing = false;
    userEndedCall = false;
    callLogResult = null;

    constructor(id = "") {
      super();
      this.id = id;
    }

    getState() {
      return this.#state;
    }

    setState(state) {
      this.#state = state;
      this.trigger("change:state");
    }
  };
});

// Without this module wa-js looks for it again and again for a minute after every start.
__d("WAWebCallCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");
  const { notImitated } = require("SandboxNotImitated");

  class CallCollection extends EventEmitter {
    calls = new Map();
    pendingOffers = {};
    activeCall = null;
    lastActiveCall = null;

    get(id) {
      return this.calls.get(id);
    }

    getModelsArray() {
      return [...this.calls.values()];
    }

    setActiveCall(call) {
      this.activeCall = call;
      this.trigger("change:activeCall", call);
    }
  }

  CallCollection.prototype.processIncomingCall = notImitated("calls as older pages had them");
  exports.default = new CallCollection();
});

__d("SandboxCalls", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const calls = require("WAWebCallCollection");
  const CallModel = require("WAWebCallModel");
  const { CallState, CallLogResult } = require("WAWebVoipWaCallEnums");
  const { personWid } = require("SandboxAddresses");

  function ring({ id, caller, video }) {
    const call = new CallModel(id);
    call.peerJid = personWid(caller);
    call.isVideo = video;
    calls.setActiveCall(call);
    call.setState(CallState.ReceivedCall);
  }

  /* Why a call ended is noted on it when it is the active one no more. */
  function end(call, result) {
    call.setState(result === CallLogResult.AcceptedElsewhere ? CallState.CallActiveElseWhere : CallState.CallStateEnding);
    calls.lastActiveCall = call;
    calls.setActiveCall(null);
    call.callLogResult = result;
  }

  const RESULTS = {
    accepted: CallLogResult.AcceptedElsewhere,
    rejected: CallLogResult.Rejected,
    missed: CallLogResult.Missed,
  };

  exports.take = async ({ call, phone }) => {
    await require("SandboxContacts").learn(phone);
    if (call.state === "ringing") ring(call);
    else if (calls.activeCall?.id === call.id) end(calls.activeCall, RESULTS[call.state]);
  };
});

__d("WAWebVoipStackInterface", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const calls = require("WAWebCallCollection");
  const { transport } = require("SandboxTransport");
  const { notImitated } = require("SandboxNotImitated");

  /* No parameters: these act on the active call. */
  const stack = {
    async rejectCall() {
      const answer = await transport.request({ kind: "call_reject", id: calls.activeCall.id });
      if (!answer.ok) throw new Error(`the server refused: ${answer.error}`);
    },
    acceptCall: notImitated("accepting calls"),
    endCall: notImitated("ending calls"),
  };

  exports.getVoipStackInterface = async () => stack;
});
