// Data: what was loaded, what was refused, which days are whole, what was tested, and what each number means.

import { loadingCards } from './loading.js';
import { makingCards } from './making.js';

export const cards = [...loadingCards, ...makingCards];
