import { availability, seatsText } from "./availability.js";
import { confirmationCode } from "./confirmation-code.js";
import { mistakes } from "./fields.js";

const DAYS_AHEAD = 60;

const byId = (id) => document.getElementById(id);
const form = byId("booking-form");
const date = byId("date");
const time = byId("time");
const confirmation = byId("confirmation");

/** The visitor's own calendar day, some days from now, as a date field writes it. */
function dayFromNow(days) {
  const day = new Date();
  day.setDate(day.getDate() + days);
  const two = (number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** @param {string} day as in a date field; read as a local day, whatever the timezone. */
const longDate = (day) =>
  new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function slotItem({ time: at, seats }) {
  const item = element(
    "li",
    { className: seats === 0 ? "sold-out" : "free" },
    element("time", { dateTime: at, textContent: at }),
    element("span", { textContent: seatsText(seats) }),
  );
  Object.assign(item.dataset, { time: at, seats: String(seats) });
  return item;
}

function showAvailability() {
  const chosen = time.value;
  const slots = date.value === "" ? [] : availability(date.value);
  byId("availability-date").textContent = date.value === "" ? "your day" : longDate(date.value);
  byId("availability").replaceChildren(...slots.map(slotItem));
  time.replaceChildren(
    element("option", { value: "", textContent: "Choose a time" }),
    ...slots.map(({ time: at, seats }) =>
      element("option", { value: at, textContent: `${at}, ${seatsText(seats)}`, disabled: seats === 0 }),
    ),
  );
  time.value = slots.some((slot) => slot.time === chosen && slot.seats > 0) ? chosen : "";
}

const textOf = (id) => byId(id).value.trim();

function findMistakes() {
  const seats = availability(date.value).find((slot) => slot.time === time.value)?.seats ?? 0;
  const values = {
    name: textOf("name"),
    email: textOf("email"),
    phone: textOf("phone"),
    partySize: textOf("party-size"),
    date: date.value,
    time: time.value,
  };
  return Object.entries(mistakes(values, { firstDate: date.min, lastDate: date.max, seats }));
}

function showMistake(id, message) {
  byId(`${id}-error`).textContent = message;
  if (message === "") byId(id).removeAttribute("aria-invalid");
  else byId(id).setAttribute("aria-invalid", "true");
}

function confirmBooking() {
  const code = confirmationCode();
  confirmation.dataset.confirmationCode = code;
  byId("confirmation-code").textContent = code;
  const people = textOf("party-size") === "1" ? "1 person" : `${textOf("party-size")} people`;
  byId("confirmation-summary").textContent =
    `${textOf("name")}, we expect ${people} on ${longDate(date.value)} at ${time.value}.`;
  form.hidden = true;
  confirmation.hidden = false;
  confirmation.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const found = findMistakes();
  for (const [id, message] of found) showMistake(id, message);
  const wrong = found.filter(([, message]) => message !== "");
  byId("form-status").textContent =
    wrong.length === 0
      ? ""
      : `Please check ${wrong.length === 1 ? "one field" : `${wrong.length} fields`} below.`;
  if (wrong.length === 0) confirmBooking();
  else byId(wrong[0][0]).focus();
});

// A field that was found wrong says at once when it is right.
form.addEventListener("input", (event) => {
  if (event.target === date) showAvailability();
  for (const [id, message] of findMistakes()) {
    if (byId(id).hasAttribute("aria-invalid")) showMistake(id, message);
  }
});

byId("again").addEventListener("click", () => {
  confirmation.hidden = true;
  delete confirmation.dataset.confirmationCode;
  form.reset();
  start();
  form.hidden = false;
  byId("name").focus();
});

function start() {
  date.min = dayFromNow(1);
  date.max = dayFromNow(DAYS_AHEAD);
  date.value = dayFromNow(1);
  showAvailability();
}

start();
