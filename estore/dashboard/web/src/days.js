// Days are text, YYYY-MM-DD: the shop's day, without a time zone. Only this module turns them into dates.

const DAY = 86_400_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const instant = (day) => Date.parse(`${day}T00:00:00Z`);
const text = (at) => new Date(at).toISOString().slice(0, 10);

export const addDays = (day, days) => text(instant(day) + days * DAY);
/** Days from `from` to `to`, both counted. */
export const spanOf = (from, to) => Math.round((instant(to) - instant(from)) / DAY) + 1;
export const monthOf = (day) => `${day.slice(0, 7)}-01`;
export const monthBefore = (day) => monthOf(addDays(monthOf(day), -1));
export const dayOfMonth = (day) => Number(day.slice(8, 10));
/** Monday of the day's week. */
export const weekOf = (day) => addDays(day, -((new Date(instant(day)).getUTCDay() + 6) % 7));
export const weekday = (day) => WEEKDAYS[new Date(instant(day)).getUTCDay()];

export function daysBetween(from, to) {
  return Array.from({ length: Math.max(0, spanOf(from, to)) }, (_, index) => addDays(from, index));
}

/** "29 Feb"; with the year on request. */
export function dayName(day, year = false) {
  if (!day) return '–';
  return `${dayOfMonth(day)} ${MONTHS[Number(day.slice(5, 7)) - 1]}${year ? ` ${day.slice(0, 4)}` : ''}`;
}

/** "Sat 29 Feb 2020". */
export const longDay = (day) => `${weekday(day)} ${dayName(day, true)}`;

/** "Feb 2020". */
export const monthName = (day) => `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(0, 4)}`;

/** Days in a sentence of the pipeline, as all other days are written: "2020-02-03 to 2020-02-05" is "3 Feb – 5 Feb 2020". */
export const withDayNames = (sentence) =>
  sentence.replace(/(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?/g, (_, from, to = from) =>
    periodName(from, to),
  );

/** "1 Dec 2019 – 29 Feb 2020", the year once where it is one. */
export function periodName(from, to) {
  if (from === to) return dayName(from, true);
  return `${dayName(from, from.slice(0, 4) !== to.slice(0, 4))} – ${dayName(to, true)}`;
}
