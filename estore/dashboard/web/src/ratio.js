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

/** Sum of one column; nulls count for nothing. */
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
