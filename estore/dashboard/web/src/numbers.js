// How numbers are formatted everywhere: `short` on axes, labels and tiles, `full` in tables and tooltips.

import { withDayNames } from './days.js';

export const NONE = '–';
const MINUS = '−';
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const hundredth = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/**
 * Kinds of value: money, count, rate (0–1), change (a rate with its sign), points (by which a rate differs),
 * amount (a number with decimals), bytes, date (a day, or two with "to"), instant, prose (a sentence that may name days), text.
 * @typedef {'money'|'count'|'rate'|'change'|'points'|'amount'|'bytes'|'date'|'instant'|'prose'|'text'} Kind
 */

/** What is written before an amount of money, and its digits after the point; `payIn` sets them. */
let symbol = '$';
let cents = hundredth;

/** Amounts are in this currency from now on. @param {{symbol: string, digits: number}} [currency] */
export function payIn(currency = { symbol: '$', digits: 2 }) {
  const { digits } = currency;
  symbol = currency.symbol;
  cents = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three significant digits: 355, 1.23k, 41.6k, 4.60M. */
function abbreviated(size, decimals = null) {
  if (size < 1000) {
    if (decimals && size < 100 && !Number.isInteger(size)) return decimals.format(size);
    // 999.6 is 1.00k, not "1000"
    if (Math.round(size) < 1000) return whole.format(size);
  }
  for (const [unit, letter] of [
    [1e3, 'k'],
    [1e6, 'M'],
    [1e9, 'B'],
    [1e12, 'T'],
  ]) {
    const scaled = Number((size / unit).toPrecision(3));
    if (scaled < 1000 || letter === 'T')
      return (
        (scaled < 10 ? scaled.toFixed(2) : scaled < 100 ? scaled.toFixed(1) : whole.format(scaled)) + letter
      );
  }
  return '';
}

function signed(value, text) {
  return value < 0 ? MINUS + text : text;
}

function hundredths(value) {
  const size = Math.abs(value * 100);
  return signed(
    value,
    size > 0 && size < 0.095 ? size.toFixed(2) : size >= 1000 ? whole.format(size) : size.toFixed(1),
  );
}

const percent = (value) => `${hundredths(value)}%`;

/** @param {any} value @param {Kind} kind */
export function short(value, kind) {
  if (value === null || value === undefined) return NONE;
  if (kind === 'money') return signed(value, symbol + abbreviated(Math.abs(value), cents));
  if (kind === 'count') return signed(value, abbreviated(Math.abs(value)));
  if (kind === 'amount') return signed(value, abbreviated(Math.abs(value), hundredth));
  return full(value, kind);
}

/** @param {any} value @param {Kind} kind @param {boolean} [withCents] of money; else where there are any and it is below 1,000 */
export function full(value, kind, withCents) {
  if (value === null || value === undefined) return NONE;
  switch (kind) {
    case 'money':
      return signed(
        value,
        symbol +
          ((withCents ?? (Math.abs(value) < 1000 && !Number.isInteger(value))) ? cents : whole).format(
            Math.abs(value),
          ),
      );
    case 'count':
      return signed(value, whole.format(Math.abs(value)));
    case 'amount':
      return signed(value, hundredth.format(Math.abs(value)));
    case 'rate':
      return percent(value);
    case 'change':
      return (value > 0 ? '+' : '') + percent(value);
    case 'points':
      return `${(value > 0 ? '+' : '') + hundredths(value)} pts`;
    case 'bytes':
      return `${abbreviated(value).replace(/([a-zA-Z])$/, ' $1')}B`;
    case 'instant':
      return withDayNames(String(value).slice(0, 16).replace('T', ' '));
    case 'date':
    case 'prose':
      return withDayNames(String(value));
    default:
      return String(value);
  }
}

/** A label of an axis: round values, so no digits that say nothing; small steps have as many decimals as they need. */
export function axisLabel(value, kind, step = 1) {
  if (kind === 'amount' && step < 1)
    return signed(value, Math.abs(value).toFixed(String(step).split('.')[1]?.length ?? 0));
  if (kind === 'rate') return signed(value, `${Number(Math.abs(value * 100).toPrecision(3))}%`);
  return short(value, kind).replace(/\.0+(?=[kMBT]?$)|(\.\d*?[1-9])0+(?=[kMBT]$)/, '$1');
}

/** How the change of a number of this kind is written. */
export const kindOfChange = (kind) => (kind === 'rate' ? 'points' : 'change');

export const isNumber = (kind) => !['date', 'instant', 'prose', 'text'].includes(kind);

/** "1 day", "2 days". */
export function counted(number, noun, plural = `${noun}s`) {
  return `${full(number, 'count')} ${number === 1 ? noun : plural}`;
}

/** "a, b and c". */
export function listed(words, last = 'and') {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** The ends of an interval of a rate: "2.1% to 2.9%". */
export const ends = (low, high) =>
  low === null || low === undefined ? NONE : `${percent(low)} to ${percent(high)}`;

/** A share in a sentence: "5.9% of 216,683". */
export function share(rate, of) {
  return `${full(rate, 'rate')} of ${full(of, 'count')}`;
}
