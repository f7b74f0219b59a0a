const TIMES = ["17:30", "18:00", "18:30", "19:00", "19:30", "20:00", "20:30", "21:00", "21:30"];
const SMALLEST_TABLE = 2;
const TABLE_SIZES = 7;

/** FNV-1a: the same evening looks the same to everyone, without a server that knows it. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}

/**
 * Seats left at each time of a day, in order. Two times are always sold out; the others have 2 to 8 seats.
 * @param {string} date as in a date field, for example `2026-08-14`
 * @returns {{time: string, seats: number}[]}
 */
export function availability(date) {
  const day = hash(date);
  const first = day % TIMES.length;
  const second = (first + 1 + ((day >>> 8) % (TIMES.length - 1))) % TIMES.length;
  return TIMES.map((time, index) => ({
    time,
    seats: index === first || index === second ? 0 : SMALLEST_TABLE + (hash(`${date} ${time}`) % TABLE_SIZES),
  }));
}

/** What a person reads about a time. */
export const seatsText = (seats) => (seats === 0 ? "sold out" : `${seats} seats left`);
