// Fetches a protected address and shows the answer, or where to log in.
"use strict";

const panel = document.getElementById("fetch-panel");
const status = document.getElementById("fetch-status");
const body = document.getElementById("fetch-body");
const login = document.getElementById("fetch-login");

async function show(credentials) {
  let response;
  try {
    response = await fetch(panel.dataset.url, {
      credentials,
      headers: { Accept: "application/json" },
    });
  } catch {
    status.textContent = "The app did not answer.";
    status.className = "muted";
    body.hidden = login.hidden = true;
    return;
  }
  const answer = await response.json();
  status.textContent = response.status;
  status.className = `status ${response.ok ? "status-good" : "status-bad"}`;
  body.textContent = JSON.stringify(answer, null, 2);
  body.hidden = false;
  offerLogin(answer.login_url);
}

function offerLogin(loginUrl) {
  const url = loginUrl && new URL(loginUrl, location.href);
  login.hidden = !(url && url.origin === location.origin);
  if (!login.hidden) {
    login.firstElementChild.href = url;
  }
}

for (const button of panel.querySelectorAll("button")) {
  button.addEventListener("click", () => show(button.dataset.credentials));
}
