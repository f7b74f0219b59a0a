import { qrCode } from "./qr-code.js";

const byId = (id) => document.getElementById(id);

/** Shows an invite as a code, as text and, where a browser can open it, as a link. */
export function showInvite(url) {
  clearInvite();
  byId("invite-link").value = url;
  if (isWebAddress(url)) byId("invite-actions").append(openLink(url));
  byId("qr").append(qrCode(url, "QR code of the invite link"));
  byId("invite").hidden = false;
}

export function clearInvite() {
  byId("invite").hidden = true;
  byId("invite-link").value = "";
  byId("copy-note").textContent = "";
  byId("open")?.remove();
  byId("qr").replaceChildren();
}

function openLink(href) {
  const link = document.createElement("a");
  return Object.assign(link, {
    ...{ id: "open", className: "button plain", textContent: "Open" },
    ...{ href, target: "_blank", rel: "noopener noreferrer" },
  });
}

const isWebAddress = (text) => URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);

byId("invite-link").addEventListener("focus", (event) => event.target.select());
byId("copy").addEventListener("click", async () => {
  const link = byId("invite-link");
  try {
    // Absent where the page does not come over https.
    await navigator.clipboard.writeText(link.value);
    byId("copy-note").textContent = "Copied.";
  } catch {
    link.focus();
    link.select();
    byId("copy-note").textContent =
      "Your browser does not let us copy. The link is selected: copy it yourself.";
  }
});
