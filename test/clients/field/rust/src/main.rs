//! One connection of one client at its defaults: CLIENT URL [FIRST-FRAME]. Prints what the client hands out as lines of
//! JSON. It ends when its standard input does.

use futures_util::{SinkExt, StreamExt};
use reqwest_eventsource::{Error as StreamError, Event, EventSource};
use serde_json::{json, Value};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::{Error, Message};

fn tell(event: Value) {
    println!("{event}");
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}


/// The pings of the Centrifugal protocol are messages, and so are the pongs.
async fn tokio_tungstenite(url: &str, first: &str) {
    let mut socket = match tokio_tungstenite::connect_async(url).await {
        Ok((socket, _)) => socket,
        Err(error) => {
            let mut event = json!({ "event": "error", "text": cut(&error.to_string()) });
            if let Error::Http(response) = &error {
                event["status"] = json!(response.status().as_u16());
                if let Some(after) = response.headers().get("retry-after") {
                    event["retryAfter"] = json!(after.to_str().unwrap_or("?"));
                }
            }
            return tell(event);
        }
    };
    tell(json!({ "event": "open" }));
    if !first.is_empty() {
        let _ = socket.send(Message::text(first)).await;
    }
    while let Some(message) = socket.next().await {
        match message {
            Ok(Message::Text(text)) => {
                tell(json!({ "event": "message", "bytes": text.len(), "text": cut(&text) }));
                if text.as_str() == "{}" {
                    let _ = socket.send(Message::text("{}")).await;
                }
            }
            Ok(Message::Close(Some(frame))) => {
                let code: u16 = frame.code.into();
                tell(json!({ "event": "closing", "code": code, "reason": frame.reason.to_string() }));
            }
            Ok(Message::Close(None)) => tell(json!({ "event": "closing" })),
            Ok(_) => {}
            Err(error) => tell(json!({ "event": "error", "text": cut(&format!("{error:?}")) })),
        }
    }
    tell(json!({ "event": "close" }));
}

async fn reqwest_events(url: &str) {
    let mut source = EventSource::get(url);
    while let Some(event) = source.next().await {
        match event {
            Ok(Event::Open) => tell(json!({ "event": "open" })),
            Ok(Event::Message(message)) => tell(json!({
                "event": "message", "type": message.event, "id": message.id,
                "bytes": message.data.len(), "text": cut(&message.data),
            })),
            Err(error) => {
                let mut event = json!({ "event": "error", "text": cut(&format!("{error}")) });
                if let StreamError::InvalidStatusCode(status, response) = &error {
                    event["status"] = json!(status.as_u16());
                    if let Some(after) = response.headers().get("retry-after") {
                        event["retryAfter"] = json!(after.to_str().unwrap_or("?"));
                    }
                }
                tell(event);
            }
        }
    }
    tell(json!({ "event": "close" }));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let first = args.get(3).cloned().unwrap_or_default();
    let (client, url) = (args[1].clone(), args[2].clone());
    let run = async move {
        match client.as_str() {
            "tokio-tungstenite" => tokio_tungstenite(&url, &first).await,
            "reqwest-eventsource" => reqwest_events(&url).await,
            _ => panic!("no such client"),
        }
        std::future::pending::<()>().await
    };
    let ended = async {
        let mut bytes = Vec::new();
        let _ = tokio::io::stdin().read_to_end(&mut bytes).await;
    };
    tokio::select! { _ = run => {}, _ = ended => {} }
    std::process::exit(0);
}
