import "@fontsource-variable/inter/wght.css";
import "./app.css";
import "./register/register.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { publishDiagnostics } from "../video/diagnostics.ts";
import { App } from "./App.tsx";

publishDiagnostics();
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
