// How times are written between messages and in the list.

import { words } from "./words.js";

const DAY = 86_400_000;

export const PAUSE = 5 * 60_000; // a gap this long between two lines gets a time of its own

function clock(date) {
  return `${date.getHours()}:${String(date.getMinutes()).padStart(2, "0")}`;
}

/** The full form between messages: 19:30, 昨天 19:30, 11月22日 19:30. */
export function when(date, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const time = clock(date);
  if (date >= midnight) return words.today(time);
  if (date >= new Date(midnight - DAY)) return words.yesterday(time);
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return year === now.getFullYear() ? words.date(month, day, time) : words.dateWithYear(year, month, day, time);
}

/** The short form in the list: the time today, else the day. */
export function whenShort(date, now = new Date()) {
  const full = when(date, now);
  const [day] = full.split(" ");
  return day;
}
