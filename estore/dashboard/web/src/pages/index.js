// The pages in the order of the navigation.

import { cards as sales } from './sales.js';

export const PAGES = {
  sales: { name: 'Sales', cards: sales },
};
