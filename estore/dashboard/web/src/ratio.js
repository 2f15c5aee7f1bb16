// Every ratio of the dashboard is made here, from two sums.

/**
 * numerator ÷ denominator; null, not zero, where there is nothing to divide by.
 * @param {number | null | undefined} numerator
 * @param {number | null | undefined} denominator
 * @returns {number | null}
 */
export function ratio(numerator, denominator) {
  if (numerator === null || numerator === undefined || !denominator) return null;
  return numerator / denominator;
}

/** Relative change from `before` to `now`; null where there was nothing before. */
export function change(now, before) {
  if (now === null || now === undefined || before === null || before === undefined) return null;
  return ratio(now - before, before);
}

/**
 * The change of a number: rates change in points, everything else by a share of the earlier value.
 * @param {import('./numbers.js').Kind} kind of the number
 */
export function changeOf(kind, now, before) {
  if (kind !== 'rate') return change(now, before);
  return now === null || before === null ? null : now - before;
}

/** Two-sided 95 % of the normal distribution. */
const Z = 1.959963984540054;

/**
 * 95 % interval of a share after Wilson (1927), as `wilson_bound` of the transforms has it.
 * @param {number} [effect] so many count as one, because those of one user are alike
 * @returns {[number, number] | null} null where the share is unknown
 */
export function interval(part, whole, effect = 1) {
  if (!whole) return null;
  // One session says at least as much as one user: the effect of all sessions may exceed a small count.
  const size = whole / Math.min(effect, whole);
  const [share, spread] = [part / whole, (Z * Z) / size];
  const middle = share + spread / 2;
  const margin = Z * Math.sqrt((share * (1 - share) + spread / 4) / size);
  return [Math.max(0, middle - margin), Math.min(1, middle + margin)].map((end, side) =>
    part === (side ? whole : 0) ? share : end / (1 + spread),
  );
}

/** Of the rates of conversion by their name, over all sessions; the page's cells have no users to count. */
let effects = {};

export function useDesignEffects(found = {}) {
  effects = found;
}

export const designEffect = (name) => effects[name] ?? 1;

/** Sum of one column; nulls are ignored. */
export function sum(rows, column) {
  let total = 0;
  for (const row of rows) total += row[column] ?? 0;
  return total;
}

/**
 * Rows summed by a key, in the order in which the keys appear.
 * @param {any[]} rows
 * @param {(row: any) => any} keyOf
 * @param {string[]} measures
 * @returns {any[]} one {key, …sums} a key
 */
export function sumBy(rows, keyOf, measures) {
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { key, ...Object.fromEntries(measures.map((name) => [name, 0])) }));
    for (const name of measures) group[name] += row[name] ?? 0;
  }
  return [...groups.values()];
}
