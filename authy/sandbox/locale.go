package sandbox

import (
	"fmt"
	"strings"
)

// words are the sentences of one language.
type words struct {
	tokenText   string // application, code
	installText string // application
	openText    string // application
	codeText    string // application, code
	textSent    string // number
	callStarted string // number
}

// languages are those the sandbox writes; Authy has some thirty, which fall back to English here. The
// English and Spanish answers to a verification start are Authy's own, as far as they are known.
var languages = map[string]words{
	"en": {
		tokenText:   "Your %s token is %s.",
		installText: "%s uses Authy for two-factor authentication. Get the app: https://www.authy.com/install",
		openText:    "Open Authy to see your %s token.",
		codeText:    "Your %s verification code is: %s",
		textSent:    "Text message sent to %s.",
		callStarted: "Call to %s initiated.",
	},
	"es": {
		tokenText:   "Tu token de %s es %s.",
		installText: "%s usa Authy para la autenticación de dos factores. Descarga la aplicación: https://www.authy.com/install",
		openText:    "Abre Authy para ver tu token de %s.",
		codeText:    "Tu código de verificación de %s es: %s",
		textSent:    "Mensaje de texto enviado a %s.",
		callStarted: "Llamada a %s fue iniciada.",
	},
	"pt": {
		tokenText:   "O seu token de %s é %s.",
		installText: "%s usa o Authy para a autenticação de dois fatores. Instale a aplicação: https://www.authy.com/install",
		openText:    "Abra o Authy para ver o seu token de %s.",
		codeText:    "O seu código de verificação de %s é: %s",
		textSent:    "Mensagem de texto enviada para %s.",
		callStarted: "Chamada para %s iniciada.",
	},
	"fr": {
		tokenText:   "Votre jeton %s est %s.",
		installText: "%s utilise Authy pour l'authentification à deux facteurs. Installez l'application : https://www.authy.com/install",
		openText:    "Ouvrez Authy pour voir votre jeton %s.",
		codeText:    "Votre code de vérification %s est : %s",
		textSent:    "Message texte envoyé au %s.",
		callStarted: "Appel vers %s lancé.",
	},
}

// languageOf gives calling codes their language where it is not English.
var languageOf = map[int]string{
	34: "es", 51: "es", 52: "es", 53: "es", 54: "es", 56: "es", 57: "es", 58: "es", 502: "es", 503: "es",
	504: "es", 505: "es", 506: "es", 507: "es", 591: "es", 593: "es", 595: "es", 598: "es",
	55: "pt", 244: "pt", 258: "pt", 351: "pt",
	33: "fr", 221: "fr", 225: "fr", 226: "fr", 229: "fr", 241: "fr", 262: "fr", 590: "fr", 594: "fr", 596: "fr",
}

// wordsFor follows the locale's language ("pt-BR", any case), else the country's, else English.
func wordsFor(locale string, country int) words {
	if locale == "" {
		locale = languageOf[country]
	}
	language, _, _ := strings.Cut(strings.ToLower(locale), "-")
	if w, ok := languages[language]; ok {
		return w
	}
	return languages["en"]
}

// token is the text of a token; what the integrator wanted said about the action comes first.
func (w words) token(app, code, action string) string {
	text := fmt.Sprintf(w.tokenText, app, code)
	if action != "" {
		text = action + " " + text
	}
	return text
}

func (w words) install(app string) string { return fmt.Sprintf(w.installText, app) }

func (w words) open(app string) string { return fmt.Sprintf(w.openText, app) }

// verification is the text of a phone verification. A custom message has the place of the code marked, or
// the code follows it.
func (w words) verification(app, code, custom string) string {
	const mark = "{{code}}"
	switch {
	case custom == "":
		return fmt.Sprintf(w.codeText, app, code)
	case strings.Contains(custom, mark):
		return strings.ReplaceAll(custom, mark, code)
	}
	return custom + " " + code
}

// started is the answer to a verification start.
func (w words) started(via Channel, number string) string {
	if via == ChannelCall {
		return fmt.Sprintf(w.callStarted, number)
	}
	return fmt.Sprintf(w.textSent, number)
}
