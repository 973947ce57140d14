import "@fontsource-variable/inter/wght.css";
import "./tools.css";
import { texts } from "../messages/tools.ts";
import { Frame, show } from "./parts.tsx";

function Choose() {
  return (
    <Frame>
      <h1>{texts.choose.title}</h1>
      <p className="lead">{texts.choose.lead}</p>
      <nav className="choices">
        {texts.choose.cards.map(([page, title, text]) => (
          <a key={page} href={`./${page}${location.hash}`}>
            <strong>{title}</strong>
            <span>{text}</span>
          </a>
        ))}
      </nav>
      <p className="honest">{texts.choose.honest}</p>
    </Frame>
  );
}

show(<Choose />);
