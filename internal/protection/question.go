package protection

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// AskQuestions is the question of a municipality that protects somebody to the national center: who has asked about attaching her record code?
// Who knows a code, a name and a birth can ask in the hope to learn where she lives, and she is to be warned of it.
const AskQuestions = "protection.questions"

// MostQuestions is how many are told; the newest.
const MostQuestions = 100

// Question is that somebody asked.
type Question struct {
	At      time.Time   `json:"at"`
	AskedBy message.Org `json:"asked_by,omitempty"` // not of one that was agreed with: it says where she has gone
	Agreed  bool        `json:"agreed"`
}

type questionsAsked struct {
	Codes []string `json:"codes"`
}

// AskedOf is the body of the question, about every code of a person.
func AskedOf(codes []resident.RecordCode) ([]byte, error) {
	var q questionsAsked
	for _, c := range codes {
		q.Codes = append(q.Codes, c.Reveal())
	}
	return json.Marshal(q)
}

// ReadQuestionsAsked reads what AskedOf wrote.
func ReadQuestionsAsked(body []byte) (codes []resident.RecordCode, err error) {
	var q questionsAsked
	if err := json.Unmarshal(body, &q); err != nil || len(q.Codes) == 0 || len(q.Codes) > 100 {
		return nil, errors.New("the question can't be read")
	}
	for _, s := range q.Codes {
		c, err := resident.ParseRecordCode("codes", s)
		if err != nil {
			return nil, errors.New("the question names what is no record code")
		}
		codes = append(codes, c)
	}
	return codes, nil
}

// TellQuestions is the answer.
func TellQuestions(all []Question) ([]byte, error) { return json.Marshal(all) }

// ReadQuestions reads an answer.
func ReadQuestions(body []byte) (all []Question, err error) {
	if err := json.Unmarshal(body, &all); err != nil || len(all) > MostQuestions {
		return nil, errors.New("the answer can't be read")
	}
	for _, q := range all {
		if _, err := message.ParseOrg(string(q.AskedBy)); q.AskedBy != "" && err != nil {
			return nil, errors.New("the answer can't be read")
		}
	}
	return all, nil
}
