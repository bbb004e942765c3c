// Ages change after the page was written. Without this script the page shows the time alone.
for (const time of document.querySelectorAll("time[data-age]")) {
  const minutes = Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 60000);
  const [n, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 1440 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  const whole = Math.floor(n);
  const age = document.createElement("span");
  age.className = "age";
  age.textContent = whole ? ` (${whole} ${unit}${whole === 1 ? "" : "s"} ago)` : " (just now)";
  time.append(age);
}
