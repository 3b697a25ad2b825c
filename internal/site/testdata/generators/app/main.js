const button = document.createElement("button");
button.onclick = async () => (await import("./lazy.js")).greet(button);
document.body.append(button);
