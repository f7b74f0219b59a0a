const MAX_PARTY = 8;
const PHONE = /^\+?[\d\s().\-/]+$/;
const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;
const PHONE_DIGITS = { least: 7, most: 15 };

const digitsOf = (text) => text.replace(/\D/g, "").length;

/**
 * What is wrong with each field, in a sentence; the empty string where nothing is.
 * @param {{name: string, email: string, phone: string, partySize: string, date: string, time: string}} values
 * @param {{firstDate: string, lastDate: string, seats: number}} limits `seats` are those left at the chosen time
 */
export function mistakes({ name, email, phone, partySize, date, time }, { firstDate, lastDate, seats }) {
  const party = Number(partySize);
  const validParty = Number.isInteger(party) && party >= 1 && party <= MAX_PARTY;
  const validPhone =
    PHONE.test(phone) && digitsOf(phone) >= PHONE_DIGITS.least && digitsOf(phone) <= PHONE_DIGITS.most;
  return {
    name: name === "" ? "Please tell us your name." : "",
    email: EMAIL.test(email) ? "" : "Please enter an email address like sam@example.com.",
    phone: validPhone ? "" : "Please enter a phone number with 7 to 15 digits.",
    "party-size": validParty ? "" : `Please choose between 1 and ${MAX_PARTY} people.`,
    date:
      date >= firstDate && date <= lastDate ? "" : `Please choose a date from ${firstDate} to ${lastDate}.`,
    time: mistakeOfTime(time, seats, validParty ? party : 1),
  };
}

function mistakeOfTime(time, seats, party) {
  if (time === "") return "Please choose a time.";
  if (seats === 0) return "This time is sold out.";
  return party > seats ? `Only ${seats} seats are left at ${time}.` : "";
}
