// Shows and makes passkeys: a form with data-passkey asks the browser when it is sent, puts the answer into its field
// _passkey, and goes on. A button with the name _soft is pressed for the software of a persona and needs no browser.
"use strict";

(() => {
  const english = document.documentElement.lang === "en";
  const say = (form, ja, en) => {
    const line = form.querySelector("[data-passkey-says]");
    line.textContent = english ? en : ja;
    line.hidden = false;
  };
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const listed = (all) => (all ?? []).map((c) => ({ ...c, id: bytes(c.id) }));

  // PublicKeyCredential.toJSON and its kin are newer than the browsers of many offices.
  const make = async (o) => {
    const c = await navigator.credentials.create({ publicKey: { ...o, challenge: bytes(o.challenge),
      user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: listed(o.excludeCredentials) } });
    return { id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: {}, authenticatorAttachment: c.authenticatorAttachment ?? undefined,
      response: { clientDataJSON: text(c.response.clientDataJSON), attestationObject: text(c.response.attestationObject) } };
  };
  const show = async (o) => {
    const c = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials) } });
    const r = c.response;
    return { id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: {}, authenticatorAttachment: c.authenticatorAttachment ?? undefined,
      response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature),
        userHandle: r.userHandle ? text(r.userHandle) : undefined } };
  };

  const ask = async (form) => {
    if (location.origin !== form.dataset.origin) {
      say(form, "パスキーは " + form.dataset.origin + " で始まるアドレスでだけ使えます。そのアドレスで開き直してください。",
        "Passkeys can be used at " + form.dataset.origin + " only: open this page there.");
      return;
    }
    if (!window.PublicKeyCredential) {
      say(form, "このブラウザーでは、パスキーを使えません。別のブラウザーで開いてください。", "This browser knows no passkeys: use another.");
      return;
    }
    say(form, "装置の案内に従って、本人を確かめてください。", "Follow what your device asks of you.");
    try {
      const o = JSON.parse(form.dataset.options);
      form.elements._passkey.value = JSON.stringify(await (form.dataset.passkey === "create" ? make(o) : show(o)));
    } catch (e) {
      if (e.name === "InvalidStateError") {
        say(form, "この装置には、すでに登録されたパスキーがあります。一つの装置は、一人のものです。自分の、まだ登録していない装置を使ってください。",
          "This device holds a passkey that is registered already. One device is one person's: use one of your own that is not registered.");
      } else {
        say(form, "確かめられませんでした。取り消したか、時間が過ぎました。もう一度行ってください。",
          "You were not verified: it was cancelled, or took too long. Try again.");
      }
      form.dataset.sent = "";
      return;
    }
    form.submit();
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      if (event.submitter?.name === "_soft" || event.submitter?.name === "_lang") {
        return;
      }
      event.preventDefault();
      ask(form);
    });
  }

  // An invitation stands behind the # of its link, which no server and no log sees.
  const invitation = document.querySelector("input[data-invitation]");
  if (invitation && location.hash.length > 1 && invitation.value === "") {
    invitation.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname + location.search);
  }
})();
