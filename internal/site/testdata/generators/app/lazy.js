export const greet = (element) => element.replaceChildren("Hello");
