/** The version of Plumb. It is part of the render key: another version may render otherwise. @module */
export const VERSION = "0.1.0";
