terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8.0"
    }
  }

  # Bucket and prefix are given at `terraform init`: see README.md.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region
  zone    = var.zone

  # A budget belongs to the billing account: its quota is counted on this project.
  user_project_override = true
  billing_project       = var.project

  default_labels = local.labels
}
